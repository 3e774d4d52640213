"""Files that are there completely or not at all."""

from __future__ import annotations

import os
import os.path as osp
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape, glob
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

BACKEND = 'whole_files'
"""Name of `WholeFiles` for mmengine's ``backend_args=dict(backend=...)``."""
PART = '.part'
"""What the name of a file ends in while it is being written."""
Path = Union[str, 'os.PathLike[str]']


def write_whole(content: bytes, path: Path) -> None:
    """Write a file so that whoever is stopped meanwhile leaves what was there before.

    Args:
        content: of the file.
        path: where; its folder is made.

    Raises:
        OSError: if the disk is full or the place not writable; nothing is left behind.
    """
    path = os.fspath(path)
    os.makedirs(osp.dirname(osp.abspath(path)), exist_ok=True)
    try:
        with open(path + PART, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + PART, path)
    except OSError as error:
        with suppress(OSError):
            os.remove(path + PART)
        raise OSError(
            error.errno,
            f'{path} ({len(content) / 2**20:.1f} MiB) cannot be written: {error.strerror}. What '
            'was there before is untouched; make room, or choose another work dir',
        ) from error


@contextmanager
def whole_file(path: Path) -> Iterator[pathlib.Path]:
    """Yield a temporary path for libraries that write files themselves; what they leave there
    becomes ``path``, and nothing if an error is raised.

    Args:
        path: where; its folder is made. The temporary name ends as it does.
    """
    target = pathlib.Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f'.{target.stem}.{os.getpid()}{target.suffix}')
    try:
        yield part
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def remove_parts(folder: Path, pattern: str = '*') -> None:
    """Remove what writers that were killed have left in a folder."""
    for path in glob(osp.join(escape(os.fspath(folder)), pattern + PART)):
        os.remove(path)


@register_backend(BACKEND)
class WholeFiles(LocalBackend):
    """mmengine's local files, each of which appears when it is complete."""

    def put(self, obj: bytes, filepath: Path) -> None:
        """See `write_whole`."""
        write_whole(obj, filepath)

    def put_text(self, obj: str, filepath: Path, encoding: str = 'utf-8') -> None:
        """See `write_whole`."""
        write_whole(obj.encode(encoding), filepath)
