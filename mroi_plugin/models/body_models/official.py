"""Reading licensed SMPL files without chumpy and without executing anything in them."""

from __future__ import annotations

import os.path as osp
from typing import Any

import numpy as np

from mroi_plugin.models.body_models.array_checks import check_smpl_arrays, read_arrays
from mroi_plugin.utils.array_pickles import PLAIN, UnsafeFileError
from mroi_plugin.utils.safe_unpickling import read_pickle

ARRAYS = ('v_template', 'f', 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'kintree_table')
"""What a body model consists of."""


class _ChumpyArray:
    """Stands for ``chumpy.ch.Ch``, whose state keeps the numbers under ``x``."""

    def __setstate__(self, state: Any) -> None:
        self.x = state['x']


class _SparseMatrix:
    """Stands for a compressed column matrix of any scipy version."""

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def toarray(self) -> np.ndarray:
        from scipy.sparse import csc_matrix

        state = self.state
        shape = state.get('_shape', state.get('shape'))
        return csc_matrix((state['data'], state['indices'], state['indptr']), shape=shape).toarray()


def _new_object(cls: type, base: type, state: Any) -> Any:
    """``copyreg._reconstructor`` for the stand-ins only."""
    if cls not in (_ChumpyArray, _SparseMatrix):
        raise UnsafeFileError(f'it asks for reconstruction of {cls}')
    return cls.__new__(cls)


ALLOWED = {
    **PLAIN,
    ('chumpy.ch', 'Ch'): _ChumpyArray,
    ('scipy.sparse.csc', 'csc_matrix'): _SparseMatrix,
    ('scipy.sparse._csc', 'csc_matrix'): _SparseMatrix,
    ('copy_reg', '_reconstructor'): _new_object,
    ('copyreg', '_reconstructor'): _new_object,
    ('__builtin__', 'object'): object,
    ('builtins', 'object'): object,
}
"""What an official file may name beside arrays, and what stands for it here."""


def load_smpl_file(path: str) -> dict[str, np.ndarray]:
    """Read a SMPL model file as plain arrays.

    Args:
        path: an official ``.pkl`` (chumpy arrays, sparse regressor, Python 2 strings) or ``.npz``.

    Returns:
        Dense arrays: ``v_template`` (V, 3), ``f`` (F, 3), ``shapedirs`` (V, 3, S), ``posedirs`` (V,
        3, 207), ``J_regressor`` (24, V), ``weights`` (V, 24), ``kintree_table`` (2, 24); meters.

    Raises:
        FileNotFoundError: if the file is missing.
        UnsafeFileError: if a pickle names anything but arrays; nothing of it is executed.
        ValueError: if the file cannot be read or lacks an array.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: no such SMPL file.')
    try:
        content = _read(path)
    except UnsafeFileError:
        raise
    except Exception as error:
        raise ValueError(f'{path} is no SMPL file ({type(error).__name__}: {error}).') from error
    if not isinstance(content, dict):
        raise ValueError(f'{path} holds a {type(content).__name__}, expected a SMPL model.')
    lacking = [name for name in ARRAYS if name not in content]
    if lacking:
        raise ValueError(
            f'{path} lacks {", ".join(lacking)}: expected a SMPL model, not a part of one.'
        )
    arrays = read_arrays(path, lambda: {name: _dense(content[name]) for name in ARRAYS})
    check_smpl_arrays(path, arrays)
    return arrays


def _read(path: str) -> dict[str, Any]:
    if path.endswith('.npz'):
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    return read_pickle(path, ALLOWED)


def _dense(value: Any) -> np.ndarray:
    value = value.x if isinstance(value, _ChumpyArray) else value
    value = value.toarray() if isinstance(value, _SparseMatrix) else value
    return np.asarray(value)
