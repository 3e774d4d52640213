"""Pickles of arrays, numbers and containers, read by an allow list."""

from __future__ import annotations

from typing import Any

from mroi_plugin.utils.array_pickles import PLAIN, Allowed, ArrayUnpickler, UnsafeFileError


def read_pickle(path: str, allowed: Allowed = PLAIN) -> Any:
    """Content of a ``.pkl``, one of Python 2 too.

    Raises:
        UnsafeFileError: if it asks for anything that is not allowed.
        ValueError: if it is damaged.
    """
    try:
        with open(path, 'rb') as file:
            return ArrayUnpickler(file, allowed).load()
    except UnsafeFileError as error:
        raise refusal(path, error) from None
    except OSError:
        raise
    except Exception as error:  # of an unpickler on damaged bytes, whose errors are many
        raise ValueError(f'{path} is damaged ({type(error).__name__}: {error}).') from error


def refusal(path: str, error: Exception) -> UnsafeFileError:
    """The error of a file that asks for what its kind has no use for."""
    return UnsafeFileError(
        f'{path} is refused: {error}, which no file of this kind needs. Get it from its official '
        'source.'
    )
