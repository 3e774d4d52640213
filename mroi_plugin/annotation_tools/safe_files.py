"""Reading ``.npz`` and ``.pkl`` annotation files without executing anything in them."""

from __future__ import annotations

import os.path as osp
import pickle
import zipfile
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from mroi_plugin.annotation_tools.problems import AnnotationError
from mroi_plugin.body_models import UnsafeFileError
from mroi_plugin.body_models.official import ALLOWED as BODY_NAMES

_PLAIN_MODULES = ('numpy', 'builtins', '__builtin__', 'collections', '_codecs')
_frombuffer = np.zeros(1).__reduce_ex__(5)[0]

ALLOWED: dict[tuple[str, str], Any] = {
    **{
        name: value for name, value in BODY_NAMES.items() if name[0].split('.')[0] in _PLAIN_MODULES
    },
    **{(f'numpy.{core}.numeric', '_frombuffer'): _frombuffer for core in ('core', '_core')},
}
"""Arrays, numbers and containers: all that annotations are made of."""


class _AnnotationUnpickler(pickle.Unpickler):
    """Knows the names of `ALLOWED` and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise UnsafeFileError(f'it asks for {module}.{name}') from None


def read_npz(path: str) -> dict[str, Any]:
    """Read an ``.npz`` whose entries may be dictionaries, lists or strings.

    Args:
        path: the file.

    Returns:
        Arrays as they are; entries without a dimension as the value they hold.

    Raises:
        FileNotFoundError: if the file is missing.
        UnsafeFileError: if it asks for anything but arrays, numbers and containers.
        AnnotationError: if it is no ``.npz`` or is damaged.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: no such annotation file.')
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                name.removesuffix('.npy'): _read_entry(archive, name) for name in archive.namelist()
            }
    except UnsafeFileError as error:
        raise _refusal(path, error) from None
    except Exception as error:
        raise AnnotationError(
            f'{path} is no readable .npz ({type(error).__name__}: {error}): fetch or convert it '
            'again.'
        ) from error


def read_pickle(path: str) -> Any:
    """Read a ``.pkl`` of arrays, numbers and containers, one of Python 2 too.

    Raises:
        UnsafeFileError: if it asks for anything else.
        AnnotationError: if it is damaged.
    """
    try:
        with open(path, 'rb') as file:
            return _AnnotationUnpickler(file, encoding='latin1').load()
    except UnsafeFileError as error:
        raise _refusal(path, error) from None
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError) as error:
        raise AnnotationError(f'{path} is damaged ({type(error).__name__}: {error}).') from error


def _refusal(path: str, error: Exception) -> UnsafeFileError:
    return UnsafeFileError(
        f'{path} is refused: {error}, which no annotation needs. Get it from its official source.'
    )


def _read_entry(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(name) as file:
        shape, dtype = _read_header(file)
        if dtype.hasobject:
            array = np.asarray(_AnnotationUnpickler(file, encoding='latin1').load(), dtype)
            array = array.reshape(shape)
        else:
            with archive.open(name) as again:
                array = npy.read_array(again, allow_pickle=False)
    return array.item() if array.ndim == 0 else array


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], np.dtype]:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype
