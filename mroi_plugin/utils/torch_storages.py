"""Memory of the tensors in files of ``torch.save``: no more than a file holds, filled from it."""

from __future__ import annotations

import io
import struct
import sys
import zipfile
from collections.abc import Callable, Sequence
from typing import BinaryIO

import torch
from torch import Tensor

from mroi_plugin.utils.strict_unpickler import UnsafeFileError

CHUNK = 2**24
DATA = 'data.pkl'
KINDS = {
    'BFloat16Storage': torch.bfloat16,
    'BoolStorage': torch.bool,
    'ByteStorage': torch.uint8,
    'CharStorage': torch.int8,
    'ComplexDoubleStorage': torch.complex128,
    'ComplexFloatStorage': torch.complex64,
    'DoubleStorage': torch.float64,
    'FloatStorage': torch.float32,
    'HalfStorage': torch.float16,
    'IntStorage': torch.int32,
    'LongStorage': torch.int64,
    'ShortStorage': torch.int16,
}
"""Names of storages in the module ``torch``, and what they hold."""


class Storages:
    """The storages of a file by their keys, as flat tensors (count); each of them is made once.

    Args:
        length: of the file in bytes; all its storages together have no more.
    """

    def __init__(self, length: int) -> None:
        self._room = length
        self.made: dict[str, Tensor] = {}

    def of(self, key: str, dtype: torch.dtype, count: int) -> Tensor:
        """The storage of a key, as a pickle asks for it.

        Raises:
            UnsafeFileError: if it was there in another form, or is larger than the file.
        """
        if key not in self.made:
            self._room -= count * torch.empty(0, dtype=dtype).element_size()
            if self._room < 0:
                raise UnsafeFileError('it names storages larger than itself')
            self.made[key] = torch.zeros(count, dtype=dtype)
            self.fill(key)
        if self.made[key].dtype != dtype or len(self.made[key]) != count:
            raise UnsafeFileError('it has a storage in two forms')
        return self.made[key]

    def fill(self, key: str) -> None:
        """Read what a storage holds that was just made, unless it comes later in the file."""


class ZipStorages(Storages):
    """Those of the format of torch 1.6 and later, an archive with an entry for each of them.

    Args:
        archive: open for reading.
        length: of the file in bytes.

    Raises:
        UnsafeFileError: if it is no such archive, or one of another machine.
    """

    def __init__(self, archive: zipfile.ZipFile, length: int) -> None:
        super().__init__(length)
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise UnsafeFileError('it is a compressed archive, which torch does not write')
        for entry in entries:
            if entry.CRC == 0:
                del entry.CRC  # torch can be told to write none, and then none is compared
        folders = [x.filename[: -len(DATA)] for x in entries if x.filename.endswith(f'/{DATA}')]
        if len(folders) != 1:
            raise UnsafeFileError('it is an archive of something else than torch.save')
        self.archive, self.folder = archive, folders[0]
        order = f'{self.folder}byteorder'
        if order in archive.namelist() and archive.read(order) != sys.byteorder.encode():
            raise UnsafeFileError('it is of a machine with another order of bytes')

    def pickle(self) -> BinaryIO:
        """The pickle that names the storages."""
        return io.BytesIO(self.archive.read(self.folder + DATA))

    def fill(self, key: str) -> None:
        """See `Storages.fill`."""
        try:
            entry = self.archive.getinfo(f'{self.folder}data/{key}')
        except KeyError:
            raise UnsafeFileError('it names a storage that it does not hold') from None
        flat = self.made[key]
        if entry.file_size != len(flat) * flat.element_size():
            raise UnsafeFileError('it has a storage of another size')
        with self.archive.open(entry) as content:
            _fill(flat, content.read)


def fill_in_order(storages: Storages, keys: Sequence[str], file: BinaryIO) -> None:
    """Read the storages of the format before torch 1.6: the counts and contents of these keys.

    Raises:
        UnsafeFileError: if the keys or counts are not those that were asked for.
        EOFError: if the file ends before.
    """
    if not all(type(key) is str for key in keys) or sorted(keys) != sorted(storages.made):
        raise UnsafeFileError('it names a storage that it does not hold, or holds one too many')
    for key in keys:
        (count,) = struct.unpack('<q', file.read(8))
        if count != len(storages.made[key]):
            raise UnsafeFileError('it has a storage in two forms')
        _fill(storages.made[key], file.read)


def _fill(flat: Tensor, read: Callable[[int], bytes]) -> None:
    left = memoryview(flat.view(torch.uint8).numpy()) if len(flat) else memoryview(b'')
    while left:
        part = read(min(len(left), CHUNK))
        if not part:
            raise EOFError('it ends within a storage')
        left[: len(part)] = part
        left = left[len(part) :]
