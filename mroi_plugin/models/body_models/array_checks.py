"""Arrays of body model files: of the shapes that SMPL's have, and finite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

JOINTS, POSE_FEATURES, SHAPES = 24, 207, 10
MEAN_SIZES = {'pose': 144, 'shape': 10, 'cam': 3}
GET_AGAIN = 'Get the file from its official source.'


def check_smpl_arrays(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Refuse a SMPL model whose arrays do not fit each other.

    Args:
        path: the file.
        arrays: see `load_smpl_file`.

    Raises:
        ValueError: naming file and array, what was found and what was expected.
    """
    vertices = arrays['v_template'].shape[0] if arrays['v_template'].ndim else 0
    shapes: dict[str, tuple[Any, ...]] = {
        'v_template': (vertices, 3),
        'shapedirs': (vertices, 3, None),
        'posedirs': (vertices, 3, POSE_FEATURES),
        'J_regressor': (JOINTS, vertices),
        'weights': (vertices, JOINTS),
        'kintree_table': (2, JOINTS),
        'f': (None, 3),
    }
    for name, shape in shapes.items():
        check_array(path, name, arrays[name], shape)
    if arrays['shapedirs'].shape[2] < SHAPES:
        _refuse(path, 'shapedirs', f'of {arrays["shapedirs"].shape[2]} shapes', f'>= {SHAPES}')
    faces = arrays['f']
    if faces.size and not (faces.min() >= 0 and faces.max() < vertices):
        _refuse(path, 'f', f'up to {faces.max()}', f'vertices 0..{vertices - 1}')


def check_array(path: str, name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    """Refuse an array that has another shape, or holds anything but finite numbers.

    Args:
        path: the file.
        name: of the array in it.
        array: as read.
        shape: wanted; None for any length.

    Raises:
        ValueError: naming file and array, what was found and what was expected.
    """
    wanted = tuple('any' if size is None else size for size in shape)
    fits = array.ndim == len(shape) and all(w in (None, n) for w, n in zip(shape, array.shape))
    if not fits or 0 in array.shape:
        _refuse(path, name, f'of shape {array.shape}', f'shape {wanted}')
    if array.dtype.kind not in 'fiu' or not np.isfinite(array).all():
        _refuse(path, name, f'of type {array.dtype} or not finite', 'finite numbers')


def read_arrays(path: str, read: Callable[[], Any]) -> Any:
    """Arrays of a file, with errors that name it.

    Raises:
        ValueError: if it fails.
    """
    try:
        return read()
    except Exception as error:
        raise ValueError(
            f'{path} cannot be read as plain arrays ({type(error).__name__}: {error}). {GET_AGAIN}'
        ) from error


def _refuse(path: str, name: str, found: str, expected: str) -> None:
    raise ValueError(f'{path}: {name} is {found}, expected {expected}. {GET_AGAIN}')
