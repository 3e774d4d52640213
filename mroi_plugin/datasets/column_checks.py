"""Columns of a HumanData file: there, of the right shape, and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SMPL_SIZES = {'body_pose': 69, 'global_orient': 3, 'betas': 10, 'transl': 3}
"""Numbers per person; ``betas`` may have more."""
CHANNELS = {'keypoints2d': 3, 'keypoints3d': 4}


class _Columns:
    """Refuses columns of one file by name.

    Args:
        path: the file.
        count: N, persons.
    """

    def __init__(self, path: str, count: int) -> None:
        self.path, self.count = path, count

    def refuse(self, key: str, found: Any, expected: str) -> None:
        raise ValueError(
            f'{self.path} (ann_file): {key} is {found}, expected {expected}: write the file anew '
            'with an mmhuman3d converter or tools/import_annotations.py.'
        )

    def numbers(self, key: str, value: Any, expected: str) -> np.ndarray:
        """The column as an array of N rows of numbers."""
        try:
            array = np.asarray(value)
        except ValueError:  # rows of unequal length
            self.refuse(key, 'a ragged list', expected)
        if array.dtype.kind not in 'fiub' or array.dtype.itemsize > 8:
            self.refuse(key, f'of type {array.dtype}', f'numbers, {expected}')
        if not array.ndim or len(array) != self.count:
            shape = f'{len(array)} rows' if array.ndim else 'a single value'
            self.refuse(key, f'{shape} beside {self.count} image paths', expected)
        return array

    def sized(self, key: str, value: Any, size: int, more: bool = False) -> np.ndarray:
        """The column with so many numbers per person, or at least so many."""
        expected = f'{size} numbers per person'
        array = self.numbers(key, value, expected).reshape(self.count, -1)
        if array.shape[1] < size or (array.shape[1] > size and not more):
            self.refuse(key, f'of shape {np.shape(value)}', expected)
        return array

    def table(self, key: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.refuse(key, f'a {type(value).__name__}', 'a dictionary')
        return value


def check_columns(path: str, data: Mapping[str, Any]) -> None:
    """Refuse a HumanData file whose columns cannot be what their names say.

    Args:
        path: the file.
        data: its entries, as read; keypoints may be compressed. ``image_path`` is there.

    Raises:
        ValueError: naming file and key, what was found and what was expected.
    """
    columns = _Columns(path, len(data['image_path']))
    for i, name in enumerate(data['image_path']):
        if not isinstance(name, str) or not name:
            columns.refuse(
                f'image_path of sample {i}',
                repr(name if name is None else str(name)),
                'the name of a file',
            )
    columns.sized('bbox_xywh', data['bbox_xywh'], 4, more=True)
    for key in CHANNELS:
        if key in data:
            _check_keypoints(columns, data, key)
    _check_smpl(columns, data)
    _check_cameras(columns, data)
    for key in ('meta', 'misc'):
        if data.get(key) is not None:
            columns.table(key, data[key])
    genders = (data.get('meta') or {}).get('gender')
    if genders is not None and len(genders) != columns.count:
        columns.refuse('meta.gender', f'of {len(genders)} persons', f'one of {columns.count} each')


def check_poses(path: str, data: Mapping[str, Any], count: int) -> None:
    """The same for the SMPL parameters alone.

    Args:
        path: the file.
        data: its entries.
        count: N, persons.

    Raises:
        ValueError: see `check_columns`.
    """
    _check_smpl(_Columns(path, count), data)


def _check_keypoints(columns: _Columns, data: Mapping[str, Any], key: str) -> None:
    channels = CHANNELS[key]
    if f'{key}_mask' not in data:
        columns.refuse(f'{key}_mask', 'missing', '190 numbers, 1 for each joint that is annotated')
    mask = np.asarray(data[f'{key}_mask'])
    if mask.shape != (190,) or mask.dtype.kind not in 'fiub':
        columns.refuse(f'{key}_mask', f'of shape {mask.shape}', '190 numbers, 0 or 1')
    compressed = bool(data.get('__keypoints_compressed__', False))
    joints = int((mask > 0).sum()) if compressed else 190
    expected = f'(N, {joints}, {channels})'
    array = columns.numbers(key, data[key], expected)
    if array.shape[1:] != (joints, channels):
        columns.refuse(key, f'of shape {array.shape}', expected)


def _check_smpl(columns: _Columns, data: Mapping[str, Any]) -> None:
    given = columns.table('smpl', data['smpl']) if data.get('smpl') is not None else {}
    for name, size in SMPL_SIZES.items():
        if name in given:
            columns.sized(f'smpl.{name}', given[name], size, more=name == 'betas')
    if 'has_smpl' in data:
        columns.sized('has_smpl', data['has_smpl'], 1)


def _check_cameras(columns: _Columns, data: Mapping[str, Any]) -> None:
    given = data.get('cam_param')
    if not isinstance(given, Mapping) or 'f' not in given:
        return
    size = 2 if np.ndim(given['f']) > 1 and np.shape(given['f'])[1] == 2 else 1
    focal = columns.sized('cam_param.f', given['f'], size)
    wrong = np.flatnonzero(~(np.isfinite(focal) & (focal > 0)).all(1))
    if len(wrong):
        columns.refuse(
            f'cam_param.f of {len(wrong)} persons, first sample {wrong[0]},',
            focal[wrong[0]].tolist(),
            'a focal length in pixels above 0',
        )
    if 'c' in given:
        middle = columns.sized('cam_param.c', given['c'], 2)
        wrong = np.flatnonzero(~np.isfinite(middle).all(1))
        if len(wrong):
            columns.refuse(
                f'cam_param.c of {len(wrong)} persons, first sample {wrong[0]},',
                middle[wrong[0]].tolist(),
                'the principal point in pixels',
            )
