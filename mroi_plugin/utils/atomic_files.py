"""Files that are there completely or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Union
from uuid import uuid4

from mmengine.fileio import LocalBackend, register_backend

BACKEND = 'atomic_files'
"""Name of `AtomicFiles` for mmengine's ``backend_args=dict(backend=...)``."""
PART = '.part'
"""In the name of a file while it is being written."""
PARTS = re.compile(rf'\..+\.[0-9a-f]{{32}}\{PART}(\..*)?')
"""Names of files while they are being written."""
Path = Union[str, 'os.PathLike[str]']

_swept: set[str] = set()
"""Folders that this process has looked through for what killed writers have left."""


@contextmanager
def atomic_file(path: Path) -> Iterator[pathlib.Path]:
    """Yield a temporary path in the same folder; what is written there becomes ``path``, and
    nothing if an error is raised.

    The name is new, and the file is made here, so that it is nobody else's. It is locked while it
    is written: whoever finds it unlocked knows that its writer was killed, see `remove_parts`. The
    first file that a process writes to a folder clears away what is there of that kind.

    Args:
        path: of the file; its folder is made. The temporary name has the same extension.
    """
    target = pathlib.Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if (folder := os.path.abspath(target.parent)) not in _swept:
        _swept.add(folder)
        remove_parts(folder)
    part = target.with_name(f'.{target.name[:180]}.{uuid4().hex}{PART}{target.suffix}')
    own = os.open(part, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC, 0o666)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield part
        _sync(part)
        os.replace(part, target)
        with suppress(OSError):  # some file systems cannot do so with folders
            _sync(target.parent)
    finally:
        with suppress(OSError):
            part.unlink()
        os.close(own)


def _sync(path: pathlib.Path) -> None:
    """Have the system put a file, or the names in a folder, on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_atomically(content: bytes, path: Path) -> None:
    """Write a file so that whoever is stopped meanwhile leaves what was there before.

    Args:
        content: of the file.
        path: of the file; its folder is made.

    Raises:
        OSError: if the disk is full or the place not writable; nothing is left behind.
    """
    try:
        with atomic_file(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise OSError(
            error.errno,
            f'{path} ({len(content) / 2**20:.1f} MiB) cannot be written: {error.strerror}. What '
            'was there before is untouched; make room, or choose another folder',
        ) from error


def write_text(path: Path, text: str) -> pathlib.Path:
    """`write_atomically` of a text in UTF-8; returns the path."""
    write_atomically(text.encode('utf-8'), path)
    return pathlib.Path(path)


def write_json(path: Path, content: Any) -> pathlib.Path:
    """`write_text` of a value as indented JSON; NaN and infinity are refused."""
    return write_text(path, json.dumps(content, indent=2, allow_nan=False) + '\n')


def remove_parts(folder: Path) -> None:
    """Remove what killed writers have left in a folder; those at work keep theirs."""
    for entry in os.scandir(folder) if os.path.isdir(folder) else ():
        if not PARTS.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
            continue
        with suppress(OSError):  # its writer is at work, or somebody else removes it
            opened = os.open(entry.path, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(entry.path)
            finally:
                os.close(opened)


@register_backend(BACKEND)
class AtomicFiles(LocalBackend):
    """mmengine's local files, each of which appears when it is complete."""

    def put(self, obj: bytes, filepath: Path) -> None:
        """See `write_atomically`."""
        write_atomically(obj, filepath)

    def put_text(self, obj: str, filepath: Path, encoding: str = 'utf-8') -> None:
        """See `write_atomically`."""
        write_atomically(obj.encode(encoding), filepath)
