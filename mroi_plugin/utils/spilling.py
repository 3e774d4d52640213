"""Large arrays of a file, unpacked into files without a name and mapped: they take no memory."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable

SPILL = 2**24
"""Bytes of an array from which on it is unpacked into a file."""
BLOCK = 2**20
"""Bytes that are unpacked at a time."""


def spill(read: Callable[[int], bytes], size: int, folder: str) -> mmap.mmap:
    """The next bytes of a stream, read-only, in a file without a name.

    Args:
        read: gives as many of them as asked for, fewer at the end alone.
        size: number of bytes.
        folder: where the file is.

    Raises:
        OSError: if it takes no more.
        EOFError: if the stream ends before.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        for start in range(0, size, BLOCK):
            block = read(min(BLOCK, size - start))
            if not block:
                raise EOFError(f'it ends {size - start} bytes too early')
            file.write(block)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
