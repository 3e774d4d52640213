"""Folders that are there completely or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape, glob

from mroi_plugin.utils.atomic_files import PART


@contextmanager
def atomic_folder(place: str) -> Iterator[str]:
    """Yield a new folder that replaces what is at a place, and is gone if an error is raised.

    Readers find the old one, none or the new one; whoever has mapped the old one keeps it.

    Raises:
        OSError: if the folder cannot be written, naming the place.
    """
    part = f'{place}.{os.uname().nodename}.{os.getpid()}{PART}'
    old = f'{part}.old'
    try:
        os.mkdir(part)
        yield part
        for attempt in range(5):
            with suppress(FileNotFoundError):
                os.rename(place, old)
            try:
                os.rename(part, place)
                break
            except OSError as error:  # another builder was faster; ours replaces its equal one
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == 4:
                    raise
                _remove(old)
    except OSError as error:
        raise OSError(
            error.errno,
            f'{place} cannot be written ({error.strerror or error}); nothing of it is '
            'left: make room on that disk, or set the rights of that folder',
        ) from error
    finally:
        _remove(part)
        _remove(old)


def _remove(path: str) -> None:
    """Remove a folder or a file, if it is there."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        os.unlink(path)


def remove_folder_parts(place: str) -> None:
    """Remove what writers of a folder have left when they were killed; there must be none now."""
    for left in glob(f'{escape(place)}.*{PART}*'):
        _remove(left)
