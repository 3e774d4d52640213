"""Large arrays of a file, unpacked into files without a name and mapped: they take no memory."""

from __future__ import annotations

import mmap
import pickle
import struct
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar

import numpy as np

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


class SpillingUnpickler(pickle._Unpickler):
    """Unpickler whose large arrays are mapped; it is written in Python, and slower for what has
    many small parts.

    An array is pickled as its bytes, in the state that they are part of (``ndarray.__setstate__``).
    Large ones go to a file (`spill`), and an array over that takes the place of the one that would
    be filled. So it is for pickle's protocols 3 and 4, with which numpy writes ``.npz``; others are
    read as usual.

    Args:
        file: open for reading, binary.
        folder: for files without a name.
        find: what stands for a module and a name that the pickle asks for; the only ones it gets.
    """

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: BinaryIO, folder: str, find: Callable[[str, str], Any]) -> None:
        super().__init__(file, encoding='latin1')
        self.folder, self.find = folder, find

    def find_class(self, module: str, name: str) -> Any:
        """See ``find``."""
        return self.find(module, name)

    def _load_bytes(self, form: str) -> None:
        (size,) = struct.unpack(form, self.read(struct.calcsize(form)))
        self.append(self.read(size) if size < SPILL else spill(self.read, size, self.folder))

    def load_binbytes(self) -> None:
        """``BINBYTES``: up to 4 GiB."""
        self._load_bytes('<I')

    def load_binbytes8(self) -> None:
        """``BINBYTES8``: more."""
        self._load_bytes('<Q')

    def load_build(self) -> None:
        """``BUILD``: of an array whose bytes are mapped, an array over them."""
        made, state = self.stack[-2:]
        if not (isinstance(state, tuple) and state and isinstance(state[-1], mmap.mmap)):
            super().load_build()
            return
        self.stack[-2:] = [_over_mapped(made, state)]
        for place, value in self.memo.items():
            if value is made:
                self.memo[place] = self.stack[-1]

    dispatch[pickle.BINBYTES[0]] = load_binbytes
    dispatch[pickle.BINBYTES8[0]] = load_binbytes8
    dispatch[pickle.BUILD[0]] = load_build


def _over_mapped(made: Any, state: tuple[Any, ...]) -> np.ndarray:
    """The array of a state (version, shape, type, Fortran order, bytes).

    Raises:
        ValueError: if it is no state of an array of numbers or texts.
    """
    if not isinstance(made, np.ndarray) or len(state) != 5:
        raise ValueError(f'large bytes are no state of a {type(made).__name__}')
    _, shape, dtype, fortran, content = state
    if not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise ValueError(f'large bytes are no state of an array of {dtype}')
    array = np.ndarray(shape, dtype, content, order='F' if fortran else 'C')
    if array.nbytes != len(content):
        raise ValueError(f'{len(content)} bytes for an array of {array.nbytes}')
    return array
