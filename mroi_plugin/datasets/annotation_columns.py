"""Checks of the columns of annotation files: there, one row per person, numbers of the right shape.

Files are named in errors as the caller names them, as ``path``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any, NoReturn

import numpy as np

from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names

HUMAN_DATA = 'human_data'
"""mmhuman3d's convention of 190 joints, which holds those of all others."""
KEYPOINTS = {'keypoints2d': 3, 'keypoints3d': 4}
"""Keys of keypoints and their channels, confidence last."""
COMPRESSED = '__keypoints_compressed__'
"""Entry that says whether the file leaves out the joints that its masks exclude."""
SMPL_SHAPES = {'body_pose': (23, 3), 'global_orient': (3,), 'betas': (10,), 'transl': (3,)}
"""Row shapes of the entries of ``smpl``: axis-angle, axis-angle, shape, meters."""
REMEDY = (
    'fetch the file again, or write it with an mmhuman3d converter or tools/import_annotations.py'
)


def refuse(path: str, name: str, found: str, expected: str) -> NoReturn:
    """Raise the error of a column.

    Args:
        path: the file.
        name: key of the column.
        found: what is wrong, as a verb: ``is missing``.
        expected: what should be there.

    Raises:
        AnnotationError: always.
    """
    raise AnnotationError(f'{path}: {name} {found}, expected {expected}: {REMEDY}.')


def require_keys(path: str, table: Mapping[str, Any], keys: Iterable[str], hint: str) -> None:
    """Check that all keys are there.

    Args:
        path: the file.
        table: its content.
        keys: what is needed.
        hint: what to do if one is missing.

    Raises:
        AnnotationError: naming all missing keys and those that the file has.
    """
    missing = [key for key in keys if key not in table]
    if missing:
        found = ', '.join(sorted(map(str, table))) or 'nothing'
        raise AnnotationError(f'{path} lacks {", ".join(missing)}; it has {found}. {hint}')


def rows(
    path: str,
    name: str,
    values: Any,
    count: int,
    shape: Sequence[int],
    more: bool = False,
    exact: bool = False,
) -> np.ndarray:
    """One column of numbers, in the type that the file has; nothing is copied.

    Args:
        path: the file.
        name: key of the column.
        values: what the file has.
        count: number of persons N.
        shape: wanted shape of one row; ``values`` may be flat or have axes of length 1.
        more: rows may have further numbers, which are left out.
        exact: rows must have this very shape.

    Returns:
        (N, *shape).

    Raises:
        AnnotationError: for a ragged list, text, or a wrong length or shape.
    """
    size, wanted = prod(shape), str(('N', *shape)).replace("'", '')
    expected = f'{wanted}, {size} number{"s"[: size != 1]} per person'
    try:
        array = np.asarray(values)
    except ValueError:
        refuse(path, name, 'is a ragged list', expected)
    if array.dtype.kind not in 'fiub' or array.dtype.itemsize > 8:
        refuse(path, name, f'is of type {array.dtype}', f'numbers, {expected}')
    if not array.ndim:
        refuse(path, name, 'is a single value', expected)
    if len(array) != count:
        refuse(path, name, f'has {len(array)} rows beside {count} image paths', expected)
    found = prod(array.shape[1:])
    fits = array.shape[1:] == tuple(shape) if exact else found == size or (more and found > size)
    if not fits:
        refuse(path, name, f'is of shape {array.shape}', expected)
    return array.reshape(count, found)[:, :size].reshape(count, *shape)


def column(
    path: str, name: str, values: Any, count: int, shape: Sequence[int], finite: bool = False
) -> np.ndarray:
    """One column as float64, a copy; see `rows`.

    Args:
        path: the file.
        name: key of the column.
        values: what the file has.
        count: number of persons N.
        shape: wanted shape of one row.
        finite: refuse NaN and infinity.

    Returns:
        (N, *shape) float64.

    Raises:
        AnnotationError: as of `rows`, or for values that are not finite.
    """
    array = rows(path, name, values, count, shape).astype(np.float64)
    if finite:
        check_rows(path, name, array, is_finite(array), 'finite numbers')
    return array


def is_finite(values: np.ndarray) -> np.ndarray:
    """Rows (N) whose numbers are all finite, in float32 too."""
    return (np.abs(values) <= np.finfo(np.float32).max).all(axis=tuple(range(1, values.ndim)))


def check_rows(
    path: str,
    name: str,
    values: np.ndarray,
    good: np.ndarray,
    expected: str,
    image_paths: Sequence[str] = (),
) -> None:
    """Check that all rows are good.

    Args:
        path: the file.
        name: key of the column.
        values: (N, ...) the column.
        good: (N) which rows are.
        expected: what a good row is.
        image_paths: of the N persons, if they are known.

    Raises:
        AnnotationError: naming the first row that is not, and its values.
    """
    bad = np.flatnonzero(~good).tolist()
    if bad:
        image = f' ({image_paths[bad[0]]})' if image_paths else ''
        raise AnnotationError(
            f'{path}: {name} of {len(bad)} persons, first sample {bad[0]}{image}, is '
            f'{values[bad[0]].tolist()}, expected {expected}: fix or drop them.'
        )


def file_names(path: str, name: str, values: Any) -> list[str]:
    """The column that says how many persons there are: the names of their images.

    Raises:
        AnnotationError: if there is none, or one that is no text or is empty.
    """
    values = values if isinstance(values, (list, tuple)) else np.ravel(values)
    names = [value.decode() if isinstance(value, bytes) else value for value in values]
    if not names:
        raise AnnotationError(f'{path} holds no {name!r} entries: nothing to load.')
    for i, value in enumerate(names):
        if not isinstance(value, str) or not value:
            found = value if value is None else str(value)
            refuse(path, f'{name} of sample {i}', f'is {found!r}', 'the name of a file')
    return [str(value) for value in names]


def texts(path: str, name: str, values: Any, count: int) -> list[str]:
    """A column of words, e.g. genders.

    Raises:
        AnnotationError: if there is not one per person.
    """
    words = [v.decode() if isinstance(v, bytes) else str(v) for v in np.ravel(values)]
    if len(words) != count:
        found = f'has {len(words)} rows beside {count} image paths'
        refuse(path, name, found, 'one word per person')
    return words


def dictionary(path: str, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An entry that is a dictionary; empty if it is absent.

    Raises:
        AnnotationError: if it is anything else.
    """
    value = table.get(key)
    if value is not None and not isinstance(value, Mapping):
        refuse(path, key, f'is a {type(value).__name__}', 'a dictionary')
    return value or {}


def check_columns(path: str, table: Mapping[str, Any]) -> None:
    """Refuse a HumanData table whose columns cannot be what their names say.

    Args:
        path: the file.
        table: its entries, as stored; ``image_path`` and ``bbox_xywh`` are there.

    Raises:
        AnnotationError: naming file and key, what was found, what was expected and what to do.
    """
    names = table['image_path']
    count = len(names)
    boxes = rows(path, 'bbox_xywh', table['bbox_xywh'], count, (4,), more=True)
    good = is_finite(boxes) & (boxes[:, 2:] >= np.finfo(np.float32).tiny).all(1)
    check_rows(path, 'bbox_xywh', boxes, good, 'x, y, w > 0, h > 0 in pixels', names)
    for key, channels in KEYPOINTS.items():
        if key in table:
            _check_keypoints(path, table, key, channels)
    check_smpl(path, table, count)
    _check_cameras(path, table, names)
    dictionary(path, table, 'misc')
    genders = dictionary(path, table, 'meta').get('gender')
    if genders is not None:
        texts(path, 'meta.gender', genders, count)


def check_smpl(path: str, table: Mapping[str, Any], count: int) -> None:
    """`check_columns` of the SMPL parameters alone, those of ``count`` persons."""
    given = dictionary(path, table, 'smpl')
    for name, shape in SMPL_SHAPES.items():
        if name in given:
            rows(path, f'smpl.{name}', given[name], count, shape, more=name == 'betas')
    if 'has_smpl' in table:
        rows(path, 'has_smpl', table['has_smpl'], count, ())


def _check_keypoints(path: str, table: Mapping[str, Any], key: str, channels: int) -> None:
    try:
        joints = len(keypoint_names(str(table.get(f'{key}_convention', HUMAN_DATA))))
    except ValueError as error:
        raise AnnotationError(f'{path}: {key}_convention: {error}') from None
    if f'{key}_mask' not in table:
        refuse(
            path, f'{key}_mask', 'is missing', f'{joints} numbers, 1 for a joint of the data set'
        )
    mask = np.asarray(table[f'{key}_mask'])
    if mask.shape != (joints,) or mask.dtype.kind not in 'fiub':
        refuse(path, f'{key}_mask', f'is of shape {mask.shape}', f'{joints} numbers, 0 or 1')
    stored = int((mask > 0).sum()) if table.get(COMPRESSED) else joints
    rows(path, key, table[key], len(table['image_path']), (stored, channels), exact=True)


def _check_cameras(path: str, table: Mapping[str, Any], names: Sequence[str]) -> None:
    """Cameras of the form that is read: ``f`` (N, 2) or (N) and ``c`` (N, 2), in pixels."""
    given, count = table.get('cam_param'), len(names)
    if not isinstance(given, Mapping) or 'f' not in given:
        return
    rows(path, 'cam_param.f', given['f'], count, (1,), more=True)
    axes = min(prod(np.shape(given['f'])[1:]), 2)
    focal = rows(path, 'cam_param.f', given['f'], count, (axes,))
    good = is_finite(focal) & (focal > 0).all(1)
    check_rows(path, 'cam_param.f', focal, good, 'a focal length in pixels above 0', names)
    if 'c' in given:
        center = rows(path, 'cam_param.c', given['c'], count, (2,))
        good = is_finite(center)
        check_rows(path, 'cam_param.c', center, good, 'the principal point in pixels', names)
