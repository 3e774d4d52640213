"""What a HumanData file says of its persons, as columns of plain arrays."""

from __future__ import annotations

import os.path as osp
from collections.abc import Iterator
from typing import Any

import numpy as np

from mroi_plugin.datasets.column_checks import check_columns, check_poses
from mroi_plugin.host.conventions import from_human_data

GENDERS = {'m': 0, 'male': 0, 'f': 1, 'female': 1}
"""Everything else is neutral, -1."""
GENDER_NAMES = {0: 'male', 1: 'female', -1: 'neutral'}
KEYPOINTS = {'keypoints2d': 3, 'keypoints3d': 4}
"""Channels of keypoints, confidence last."""
ANNOTATED = ('keypoints2d', 'keypoints3d', 'smpl', 'transl', 'focal_length', 'gender')
"""What a person may be annotated with."""
CHUNK = 8192


def open_human_data(path: str) -> dict[str, Any]:
    """Entries of a HumanData ``.npz``; nothing in it is executed.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it cannot be read.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path} (ann_file) is missing: see README.md, "Data".')
    from mroi_plugin.annotation_tools.problems import AnnotationError
    from mroi_plugin.annotation_tools.safe_files import read_npz

    try:
        return read_npz(path)
    except AnnotationError as error:
        raise ValueError(
            f'{path} (ann_file) is no HumanData .npz ({error}): write it with an mmhuman3d '
            'converter.'
        ) from error


def open_persons(path: str) -> dict[str, Any]:
    """Entries of a HumanData ``.npz`` of persons in photos.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it cannot be read, holds no person, or columns that cannot be what they are
            called.
    """
    data = open_human_data(path)
    if not len(data.get('image_path', ())):
        raise ValueError(f"{path} (ann_file) holds no 'image_path' entries: nothing to load.")
    if 'bbox_xywh' not in data:
        raise ValueError(
            f"{path} (ann_file) has no 'bbox_xywh': RoIs need the box of every person."
        )
    check_columns(path, data)
    return data


def small_columns(path: str, data: dict[str, Any]) -> dict[str, np.ndarray]:
    """All columns but the keypoints; see `Annotations`.

    Raises:
        ValueError: for an empty or NaN box.
    """
    count = len(data['image_path'])
    return {
        **_boxes(path, data),
        **_smpl(data, count),
        **_cameras(data, count),
        '_gender': _genders(data, count),
    }


def keypoint_chunks(
    data: dict[str, Any], name: str, convention: str
) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows and their keypoints (n, K, C) float32 in a convention, some thousand persons at a time.

    Args:
        data: from `open_persons`; keypoints may be compressed by their mask.
        name: ``keypoints2d`` or ``keypoints3d``.
        convention: wanted.
    """
    mask = np.asarray(data[f'{name}_mask'])
    compressed = bool(data.get('__keypoints_compressed__', False))
    for start in range(0, len(data[name]), CHUNK):
        rows = slice(start, start + CHUNK)
        values = np.asarray(data[name][rows])
        if compressed:
            full = np.zeros((len(values), len(mask), values.shape[-1]), values.dtype)
            full[:, mask > 0] = values
            values = full
        yield rows, from_human_data(values, mask, convention)


def read_poses(path: str) -> dict[str, np.ndarray]:
    """SMPL parameters of a HumanData ``.npz`` that may hold nothing else, e.g. of AMASS.

    Args:
        path: the file.

    Returns:
        ``smpl_body_pose`` (n, 23, 3) and ``smpl_global_orient`` (n, 3) axis-angle, ``smpl_betas``
        (n, 10) and ``smpl_transl`` (n, 3), of the persons who have them.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it cannot be read or nobody has SMPL parameters.
    """
    given = open_human_data(path).get('smpl')
    if not given:
        raise ValueError(f"{path} has no 'smpl' with body_pose, global_orient and betas.")
    check_poses(path, {'smpl': given}, len(given.get('body_pose', ())))
    arrays = _smpl({'smpl': given}, len(given.get('body_pose', ())))
    known = arrays.pop('has_smpl') > 0
    del arrays['has_transl']
    if not known.any():
        raise ValueError(
            f'{path}: nobody has SMPL parameters; expected smpl/body_pose, global_orient and betas.'
        )
    return {name: array[known] for name, array in arrays.items()}


def _boxes(path: str, data: Any) -> dict[str, np.ndarray]:
    boxes = np.asarray(data['bbox_xywh'], np.float32)[:, :4]
    bad = ~np.isfinite(boxes).all(1) | (boxes[:, 2:] <= 0).any(1)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f'{path}: bbox_xywh of {int(bad.sum())} persons is empty or not finite; the first is '
            'sample '
            f'{first} ({data["image_path"][first]}): {boxes[first].tolist()}. Expected x, y, w > '
            '0, h > 0 '
            'in pixels; mend or drop them.'
        )
    return {'box_centre': boxes[:, :2] + boxes[:, 2:] / 2, 'box_size': boxes[:, 2:]}


def _smpl(data: Any, count: int) -> dict[str, np.ndarray]:
    """SMPL parameters; a person has them if all are there and finite, and ``has_smpl`` does not
    deny it."""
    given = data.get('smpl') or {}
    shapes = {'body_pose': (23, 3), 'global_orient': (3,), 'betas': (10,), 'transl': (3,)}
    out, known = {}, {}
    for name, shape in shapes.items():
        value = np.zeros((count, *shape), np.float32)
        if name in given:
            raw = np.asarray(given[name], np.float32)
            value = raw[:, :10] if name == 'betas' else raw.reshape(len(raw), *shape)
        known[name] = np.isfinite(value.reshape(len(value), -1)).all(1) & (name in given)
        out[f'smpl_{name}'] = np.nan_to_num(value)
    has_smpl = known['body_pose'] & known['global_orient'] & known['betas']
    if 'has_smpl' in data:
        has_smpl = has_smpl & (np.asarray(data['has_smpl']).reshape(-1) > 0)
    out['has_smpl'] = has_smpl.astype(np.float32)
    out['has_transl'] = (has_smpl & known['transl']).astype(np.float32)
    return out


def has_unused_cameras(data: dict[str, Any]) -> bool:
    """Whether there are cameras whose focal length is not said as ``f`` (N, 2) px."""
    given = data.get('cam_param')
    return given is not None and not (isinstance(given, dict) and 'f' in given)


def _cameras(data: Any, count: int) -> dict[str, np.ndarray]:
    """``focal_length`` and ``principal_point``, in pixels, where ``cam_param`` annotates them as f
    and c."""
    given = data.get('cam_param')
    if given is None or has_unused_cameras(data):
        return {}
    out = {'focal_length': np.asarray(given['f'], np.float32).reshape(count, -1).mean(1)}
    if 'c' in given:
        out['principal_point'] = np.asarray(given['c'], np.float32).reshape(count, 2)
    return out


def _genders(data: Any, count: int) -> np.ndarray:
    names = (data.get('meta') or {}).get('gender')
    names = ['neutral'] * count if names is None else names
    return np.array([GENDERS.get(str(name).lower(), -1) for name in names], np.int8)
