"""Files that are there completely or not at all."""

from __future__ import annotations

import json
import os
import os.path as osp
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape, glob
from typing import Any, Union
from uuid import uuid4

from mmengine.fileio import LocalBackend, register_backend

BACKEND = 'atomic_files'
"""Name of `AtomicFiles` for mmengine's ``backend_args=dict(backend=...)``."""
PART = '.part'
"""In the name of a file while it is being written."""
Path = Union[str, 'os.PathLike[str]']


@contextmanager
def atomic_file(path: Path) -> Iterator[pathlib.Path]:
    """Yield a temporary path in the same folder; what is written there becomes ``path``, and
    nothing if an error is raised.

    Args:
        path: of the file; its folder is made. The temporary name has the same extension.
    """
    target = pathlib.Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f'.{target.name}.{uuid4().hex}{PART}{target.suffix}')
    try:
        yield part
        with open(part, 'rb') as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        with suppress(OSError):
            part.unlink()


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
            'was there before is untouched; make room, or choose another work dir',
        ) from error


def write_text(path: Path, text: str) -> pathlib.Path:
    """`write_atomically` of a text in UTF-8; returns the path."""
    write_atomically(text.encode('utf-8'), path)
    return pathlib.Path(path)


def write_json(path: Path, content: Any) -> pathlib.Path:
    """`write_text` of a value as indented JSON; NaN and infinity are refused."""
    return write_text(path, json.dumps(content, indent=2, allow_nan=False) + '\n')


def remove_parts(folder: Path, pattern: str) -> None:
    """Remove what writers of files like ``pattern`` have left in a folder when they were killed."""
    root = escape(os.fspath(folder))
    for name in (f'.{pattern}.*{PART}*', f'{pattern}{PART}'):
        for path in glob(osp.join(root, name)):
            if osp.isfile(path):
                os.remove(path)


@register_backend(BACKEND)
class AtomicFiles(LocalBackend):
    """mmengine's local files, each of which appears when it is complete."""

    def put(self, obj: bytes, filepath: Path) -> None:
        """See `write_atomically`."""
        write_atomically(obj, filepath)

    def put_text(self, obj: str, filepath: Path, encoding: str = 'utf-8') -> None:
        """See `write_atomically`."""
        write_atomically(obj.encode(encoding), filepath)
