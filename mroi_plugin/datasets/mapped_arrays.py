"""Named arrays in one file that every process maps into memory, and shares, instead of reading."""

from __future__ import annotations

import json
import mmap
import os
import os.path as osp
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

MAGIC = b'MROI arrays 1\n'
ALIGNMENT = 64
Shapes = Mapping[str, tuple[tuple[int, ...], Any]]
"""Shape and dtype by name."""


@contextmanager
def write_mapped(path: str, shapes: Shapes, info: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield writable arrays, zero at first, that appear as ``path`` when all went well.

    Until then they are in a file of another name; readers never see half of them.

    Args:
        path: the file; one that is there is replaced, and whoever has it mapped keeps what it was.
        shapes: of the arrays; a dtype of None is one of float32 zeros that takes no room.
        info: JSON values that `MappedArrays` gives back.
    """
    entries, end = {}, 0
    for name, (shape, dtype) in shapes.items():
        if dtype is None:
            entries[name] = {'shape': list(shape), 'dtype': '<f4', 'offset': None}
            continue
        dtype = np.dtype(dtype)
        entries[name] = {'shape': list(shape), 'dtype': dtype.str, 'offset': end}
        end += -(-int(np.prod(shape, dtype=np.int64)) * dtype.itemsize // ALIGNMENT) * ALIGNMENT
    header = json.dumps({'info': dict(info), 'arrays': entries}).encode()
    start = -(-(len(MAGIC) + 8 + len(header)) // ALIGNMENT) * ALIGNMENT
    part = f'{path}.{os.uname().nodename}.{os.getpid()}.part'
    try:
        with open(part, 'w+b') as file:
            file.write(MAGIC + len(header).to_bytes(8, 'little') + header)
            file.flush()
            # Writing to a hole of a mapped file on a full disk kills the process.
            os.posix_fallocate(file.fileno(), 0, start + max(end, 1))
            buffer = mmap.mmap(file.fileno(), 0)
            yield {name: _view(buffer, start, entry) for name, entry in entries.items()}
            buffer.flush()
        os.replace(part, path)
    finally:
        if osp.exists(part):
            os.unlink(part)


def _view(buffer: mmap.mmap, start: int, entry: Mapping[str, Any]) -> np.ndarray:
    if entry['offset'] is None:
        return np.broadcast_to(np.zeros((), entry['dtype']), entry['shape'])
    count = int(np.prod(entry['shape'], dtype=np.int64))
    flat = np.frombuffer(buffer, np.dtype(entry['dtype']), count, start + entry['offset'])
    return flat.reshape(entry['shape'])


class MappedArrays(Mapping[str, np.ndarray]):
    """Read-only arrays of a file that `write_mapped` wrote; pickled, it is the path alone.

    Args:
        path: the file.

    Raises:
        ValueError: if it is no such file or is cut off.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        with open(path, 'rb') as file:
            header, start = _read_header(path, file)
            needed = start + max((_end(entry) for entry in header['arrays'].values()), default=0)
            if osp.getsize(path) < needed:
                raise ValueError(f'{path} is cut off: {osp.getsize(path)} of {needed} bytes.')
            buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.info: dict[str, Any] = header['info']
        self._arrays = {n: _view(buffer, start, entry) for n, entry in header['arrays'].items()}

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __reduce__(self) -> tuple[Any, ...]:
        return MappedArrays, (self.path,)


def _end(entry: Mapping[str, Any]) -> int:
    if entry['offset'] is None:
        return 0
    count = int(np.prod(entry['shape'], dtype=np.int64))
    return entry['offset'] + count * np.dtype(entry['dtype']).itemsize


def _read_header(path: str, file: Any) -> tuple[dict[str, Any], int]:
    head = file.read(len(MAGIC) + 8)
    try:
        if not head.startswith(MAGIC):
            raise ValueError('it begins otherwise')
        length = int.from_bytes(head[len(MAGIC) :], 'little')
        header = json.loads(file.read(length))
        header['arrays'], header['info']
    except (ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f'{path} holds no mapped arrays ({error}).') from error
    return header, -(-(len(MAGIC) + 8 + length) // ALIGNMENT) * ALIGNMENT


class MappedStrings(Sequence[str]):
    """Strings kept as one run of UTF-8 bytes and the places where they end.

    Args:
        data: (B) uint8.
        ends: (n) int64, where each string ends in ``data``.
    """

    def __init__(self, data: np.ndarray, ends: np.ndarray) -> None:
        self.data, self.ends = data, ends

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        start = int(self.ends[index - 1]) if index else 0
        return bytes(self.data[start : int(self.ends[index])]).decode()


def encode_strings(strings: Sequence[str]) -> dict[str, np.ndarray]:
    """``data`` and ``ends`` of `MappedStrings`."""
    encoded = [string.encode() for string in strings]
    ends = np.cumsum([len(e) for e in encoded], dtype=np.int64)
    return {'data': np.frombuffer(b''.join(encoded), np.uint8), 'ends': ends}
