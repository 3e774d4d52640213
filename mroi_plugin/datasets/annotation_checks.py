"""Checks of HumanData tables: every column is what its key says, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_columns import (
    by_chunks,
    check_confidence,
    check_rows,
    dictionary,
    gender_codes,
    is_finite,
    refuse,
    rows,
)
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names

HUMAN_DATA = 'human_data'
"""mmhuman3d's convention of 190 joints, which holds those of all others."""
KEYPOINTS = {'keypoints2d': 3, 'keypoints3d': 4}
"""Keys of keypoints and their channels, confidence last."""
COMPRESSED = '__keypoints_compressed__'
"""Entry that says whether the file leaves out the joints that its masks exclude."""
TINY = np.finfo(np.float32).tiny
SMPL_SHAPES = {'body_pose': (23, 3), 'global_orient': (3,), 'betas': (10,), 'transl': (3,)}
"""Row shapes of the entries of ``smpl``: axis-angle, axis-angle, shape, meters. Of more betas than
ten the first ten are taken: they are SMPL's, in the order of their variance."""


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
    good = by_chunks(boxes, lambda part: is_finite(part) & (part[:, 2:] >= TINY).all(1))
    check_rows(path, 'bbox_xywh', boxes, good, 'x, y, w > 0, h > 0 in pixels', names)
    for key, channels in KEYPOINTS.items():
        if key in table:
            _check_keypoints(path, table, key, channels)
    check_smpl(path, table, count)
    _check_cameras(path, table, names)
    dictionary(path, table, 'misc')
    genders = dictionary(path, table, 'meta').get('gender')
    if genders is not None:
        gender_codes(path, 'meta.gender', genders, count)


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
    names = table['image_path']
    points = rows(path, key, table[key], len(names), (stored, channels), exact=True)
    check_confidence(path, key, points, names)


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
