"""Errors that a user can fix, reported as one message."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mroi_plugin.utils.names import printable

WRAPPED = 'InvalidSampleError: '
"""A loader process hands on its error as a traceback that ends in this and the message."""


class UsageError(ValueError):
    """An option or config that cannot work as given."""


def message_of(error: Exception) -> str:
    """The message of an error that a loader process may have wrapped in its traceback; of a bare
    key, and of a fault of the system that names no file, also where it was met."""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        text = error.args[0]  # str(error) would quote it
        if ' ' not in text:
            text = f'the key {text!r} is missing{_place(error)}: a config or a file lacks it.'
    elif isinstance(error, OSError) and error.errno is not None and error.filename is None:
        text = f'{error}{_place(error)}'
    else:
        text = str(error)
    return text.rsplit(WRAPPED, 1)[-1].strip()


def _place(error: Exception) -> str:
    """Where an error was raised, to be put after what it is."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    return ''.join(f' ({step.filename}:{step.lineno})' for step in place)


@contextmanager
def report_user_errors() -> Iterator[None]:
    """Print errors that a user can fix as one message, without a traceback, exit status 2; and
    warnings as one line each."""
    try:
        with _plain_warnings():
            yield
    except (OSError, KeyError, ValueError, ImportError) as error:
        print(f'error: {message_of(error)}', file=sys.stderr)
        raise SystemExit(2) from error


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Every warning as one line on the terminal, the same one once; all of ours."""
    told: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = printable(str(message))
        if text not in told:
            told.add(text)
            print(f'warning: {text}', file=sys.stderr)

    with warnings.catch_warnings():
        warnings.filterwarnings('always', category=UserWarning, module='mroi_plugin')
        warnings.showwarning = show
        yield
