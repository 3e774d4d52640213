"""Errors that a user can fix, reported as one message."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

WRAPPED = 'InvalidSampleError: '
"""A loader process hands on its error as a traceback that ends in this and the message."""


class UsageError(ValueError):
    """An option or config that cannot work as given."""


def message_of(error: Exception) -> str:
    """The message of an error that a loader process may have wrapped in its traceback."""
    return str(error).rsplit(WRAPPED, 1)[-1].strip()


@contextmanager
def report_user_errors() -> Iterator[None]:
    """Print errors that a user can fix as one message, without a traceback; exit status 2."""
    try:
        yield
    except (OSError, KeyError, ValueError, ImportError) as error:
        print(f'error: {message_of(error)}', file=sys.stderr)
        raise SystemExit(2) from error
