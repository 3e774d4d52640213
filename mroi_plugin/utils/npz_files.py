"""HumanData and other ``.npz`` files, read without executing anything, in memory or mapped."""

from __future__ import annotations

import os.path as osp
import zipfile
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from mroi_plugin.utils import spilling
from mroi_plugin.utils.array_pickles import PLAIN, ArrayUnpickler, UnsafeFileError
from mroi_plugin.utils.safe_unpickling import refusal


def read_npz(path: str, spill: str | None = None) -> dict[str, Any]:
    """Entries of an ``.npz``, which may be dictionaries, lists or strings.

    Args:
        path: the file.
        spill: folder where arrays of more than `SPILL` bytes, also in dictionaries, are unpacked
            into files without a name, and mapped, so that they take no memory; where it has no
            room, they do.

    Returns:
        Arrays as they are; entries without a dimension as the value they hold.

    Raises:
        FileNotFoundError: if the file is missing.
        UnsafeFileError: if it asks for anything but arrays, numbers and containers.
        ValueError: if it is no ``.npz`` or is damaged.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: no such file.')
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                name.removesuffix('.npy'): _read_entry(archive, name, spill)
                for name in archive.namelist()
            }
    except UnsafeFileError as error:
        raise refusal(path, error) from None
    except Exception as error:
        raise ValueError(
            f'{path} is no readable .npz ({type(error).__name__}: {error}): fetch or convert it '
            'again.'
        ) from error


def _read_entry(archive: zipfile.ZipFile, name: str, folder: str | None) -> Any:
    if folder is not None and archive.getinfo(name).file_size > spilling.SPILL:
        try:
            return _read_mapped(archive, name, folder)
        except UnsafeFileError:
            raise
        except Exception:  # no room there, large bytes that are no array; or it is damaged
            pass
    with archive.open(name) as file:
        shape, _, dtype = _read_header(file)
        if dtype.hasobject:
            return _plain(ArrayUnpickler(file).load(), shape, dtype)
    with archive.open(name) as file:
        array = npy.read_array(file, allow_pickle=False)
    return array.item() if array.ndim == 0 else array


def _read_mapped(archive: zipfile.ZipFile, name: str, folder: str) -> Any:
    """An entry whose large arrays are mapped.

    Raises:
        OSError: if the folder takes no more.
    """
    with archive.open(name) as file:
        shape, fortran, dtype = _read_header(file)
        if not dtype.hasobject:
            content = spilling.spill(file.read, dtype.itemsize * prod(shape), folder)
            array = np.ndarray(shape, dtype, content, order='F' if fortran else 'C')
        else:
            array = _plain(ArrayUnpickler(file, PLAIN, folder).load(), shape, dtype)
        if file.read(1):  # what is left; at its end the checksum is compared
            raise ValueError(f'{name} holds more than its content')
        return array


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether in Fortran order, and type of an array in the form of ``.npy``."""
    version = npy.read_magic(file)
    return (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)


def _plain(content: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """An array of objects; without a dimension, what it holds."""
    array = np.asarray(content, dtype).reshape(shape)
    return array.item() if array.ndim == 0 else array
