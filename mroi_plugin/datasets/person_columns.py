"""What a HumanData table says of each person, as plain columns with masks."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_cameras import (
    UnknownCamerasError,
    image_sizes_of,
    read_cameras,
)
from mroi_plugin.datasets.annotation_checks import SMPL_SHAPES, check_smpl
from mroi_plugin.datasets.annotation_columns import dictionary, gender_codes
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.datasets.annotation_file import read_entries


def box_columns(table: Mapping[str, Any], part: slice) -> dict[str, np.ndarray]:
    """``box_center`` (n, 2) and ``box_size`` (n, 2) px, float32, of some persons of a table."""
    boxes = np.asarray(table['bbox_xywh'][part], np.float32)
    return {'box_center': boxes[:, :2] + boxes[:, 2:4] / 2, 'box_size': boxes[:, 2:4]}


def size_columns(path: str, table: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """``image_size`` (N, 2) width and height px, float32, 0 where unknown, of a table that has
    them."""
    sizes = image_sizes_of(path, table)
    if sizes is None:
        return {}
    known = np.isfinite(sizes).all(1) & (sizes > 0).all(1)
    return {'image_size': np.where(known[:, None], sizes, 0).astype(np.float32)}


def smpl_columns(table: Mapping[str, Any], count: int) -> dict[str, np.ndarray]:
    """SMPL parameters and who has them: where all are finite and ``has_smpl`` does not deny it.

    A translation of zero is none: files without one are filled with it, and no body is about the
    center of its camera.

    Args:
        table: from `open_human_data`.
        count: N, persons.

    Returns:
        ``smpl_body_pose`` (N, 23, 3) and ``smpl_global_orient`` (N, 3) axis-angle, ``smpl_betas``
        (N, 10), ``smpl_transl`` (N, 3) m, 0 where they are not finite, ``has_smpl`` (N) and
        ``has_transl`` (N), 0 or 1; float32.
    """
    given = table.get('smpl') or {}
    out, known = {}, {}
    for name, shape in SMPL_SHAPES.items():
        value = np.zeros((count, *shape), np.float32)
        if name in given:
            flat = np.asarray(given[name], np.float32).reshape(count, -1)
            value = flat[:, : prod(shape)].reshape(value.shape)
        finite = np.isfinite(value)
        known[name] = finite.reshape(count, -1).all(1) & (name in given)
        out[f'smpl_{name}'] = np.where(finite, value, np.float32(0))
    has_smpl = known['body_pose'] & known['global_orient'] & known['betas']
    if 'has_smpl' in table:
        has_smpl = has_smpl & (np.asarray(table['has_smpl']).reshape(-1) > 0)
    out['has_smpl'] = has_smpl.astype(np.float32)
    out['has_transl'] = (has_smpl & known['transl'] & out['smpl_transl'].any(1)).astype(np.float32)
    return out


def smpl_rows(table: Mapping[str, Any], part: slice) -> dict[str, np.ndarray]:
    """`smpl_columns` of some persons of a table."""
    smpl = table.get('smpl') or {}
    given = {name: np.asarray(smpl[name])[part] for name in SMPL_SHAPES if name in smpl}
    rest = {name: np.ravel(table[name])[part] for name in ('has_smpl',) if name in table}
    return smpl_columns({'smpl': given, **rest}, part.stop - part.start)


def camera_columns(path: str, table: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], list[str]]:
    """``focal_length`` (N), the mean of its axes, and ``principal_point`` (N, 2) in pixels,
    float32, of cameras in any form that `read_cameras` knows; of others nothing, and why.

    Raises:
        AnnotationError: see `read_cameras`.
    """
    try:
        cameras = read_cameras(path, table)
    except UnknownCamerasError as error:
        said = str(error).removeprefix(f'{path}: ')
        return {}, [f'{said} Until then the focal length defaults to sqrt(W^2 + H^2).']
    named = {'focal_length': cameras.focal, 'principal_point': cameras.center}
    out = {name: value.astype(np.float32) for name, value in named.items() if value is not None}
    if 'focal_length' in out:
        out['focal_length'] = out['focal_length'].mean(1)
    return out, []


def table_genders(path: str, table: Mapping[str, Any]) -> np.ndarray:
    """Genders (N) int8 of a table of N persons: 0 male, 1 female, -1 neutral, as of all where the
    file says nothing.

    Raises:
        AnnotationError: see `gender_codes`.
    """
    given, count = dictionary(path, table, 'meta').get('gender'), len(table['image_path'])
    if given is None:
        return np.full(count, -1, np.int8)
    return gender_codes(path, 'meta.gender', given, count)


def read_poses(path: str) -> dict[str, np.ndarray]:
    """SMPL parameters of a HumanData ``.npz`` that may hold nothing else, e.g. of AMASS.

    Args:
        path: the file.

    Returns:
        Columns ``smpl_*`` of `smpl_columns`, of the persons who have them.

    Raises:
        FileNotFoundError: if the file is missing.
        AnnotationError: if it cannot be read or nobody has SMPL parameters.
    """
    where, table = f'{path} (ann_file)', read_entries(path)
    given = dictionary(where, table, 'smpl')
    count = len(np.atleast_1d(given.get('body_pose', ())))
    if not count:
        raise AnnotationError(
            f"{path} has no 'smpl' with body_pose, global_orient and betas, which real poses are "
            'read from: give a HumanData file with them, e.g. of AMASS.'
        )
    check_smpl(where, {'smpl': given}, count)
    columns = smpl_columns({'smpl': given}, count)
    known = columns.pop('has_smpl') > 0
    if not known.any():
        raise AnnotationError(
            f'{path}: nobody has SMPL parameters; expected finite smpl.body_pose, global_orient '
            'and betas of some persons: give another file.'
        )
    return {name: columns[name][known] for name in columns if name != 'has_transl'}
