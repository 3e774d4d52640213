"""A result as named arrays, one row per person, and back: what NPZ and JSON files hold.

The schema is documented in docs/results_schema.md; a change of meaning is another version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mroi_plugin.structures.results import ImageResult, InstanceResult, require_finite

VERSION = 3
FORMAT = 'mroi_plugin.result'
PERSON = {
    'bbox': (4,),
    'score': (),
    'pose': (24, 3, 3),
    'betas': (10,),
    'vertices': (None, 3),
    'joints': (None, 3),
    'focal_length': (),
    'principal_point': (2,),
    'rois': (None, 3),
    'trans': (3,),
    'local_cameras': (None, 3),
    'full_cameras': (None, 3),
    'consensus_camera': (3,),
    'spread_px': (),
    'spread_m': (),
    'confidence': (),
    'track': (),
}
"""Shape of every column of a person; None is any number."""
KINDS = {name: np.float64 for name, shape in PERSON.items() if shape == ()}
KINDS['track'] = np.int64
"""Types of columns of single numbers; others are float32."""
DERIVED = ('poses', 'joints2d')
"""Columns for readers of other tools, computed from the others."""


def to_columns(result: ImageResult) -> dict[str, Any]:
    """Arrays (P, ...) of P persons, float32, and of the image.

    ``poses`` (P, 72) axis-angle and ``trans`` (P, 3) m are SMPL's parameters as other tools read
    them.

    Raises:
        ValueError: if a number is not finite.
    """
    require_finite(result)
    instances = result.instances
    columns: dict[str, Any] = {
        'format': FORMAT,
        'version': VERSION,
        'name': result.name,
        'size': np.array(result.size, np.int64),
        'crop_size': np.array(result.crop_size, np.int64),
        'frame': -1 if result.frame is None else result.frame,
        'error': result.error or '',
        'joint_names': np.array(result.joint_names, np.str_),
        'faces': np.zeros((0, 3), np.int64) if result.faces is None else result.faces,
    }
    for name, shape in PERSON.items():
        rows = [np.asarray(getattr(instance, name)) for instance in instances]
        columns[name] = np.array(rows, KINDS.get(name, np.float32)).reshape(
            len(rows), *_shape(rows, shape)
        )
    weights = [p.fusion_weights for p in instances if p.fusion_weights is not None]
    if instances and len(weights) == len(instances):
        columns['fusion_weights'] = np.array(weights, np.float32)
    columns['poses'] = np.array([p.pose_axis_angle.ravel() for p in instances], np.float32)
    columns['poses'] = columns['poses'].reshape(len(instances), 72)
    columns['joints2d'] = np.array([p.joints2d for p in instances], np.float32).reshape(
        len(instances), *((columns['joints'].shape[1], 2) if instances else (0, 2))
    )
    return columns


def _shape(rows: list[np.ndarray], shape: tuple[int | None, ...]) -> tuple[int, ...]:
    return rows[0].shape if rows else tuple(0 if side is None else side for side in shape)


def from_columns(path: str, columns: Mapping[str, Any]) -> ImageResult:
    """The result that `to_columns` took apart, without its pixels.

    Raises:
        ValueError: naming the file and the column that is absent, of another version or shape.
    """
    if str(columns.get('format')) != FORMAT or int(columns.get('version', 0)) != VERSION:
        raise ValueError(
            f'{path} is {columns.get("format")!s}, version {columns.get("version")!s}; expected '
            f'{FORMAT}, version {VERSION}: read it with the version that wrote it.'
        )
    absent = sorted({*PERSON, 'name', 'size', 'crop_size', 'faces', 'joint_names'} - set(columns))
    if absent:
        raise ValueError(f'{path} lacks {", ".join(absent)}.')
    arrays = {name: np.asarray(columns[name]) for name in PERSON}
    count = len(arrays['bbox'])
    for name, shape in PERSON.items():
        found = arrays[name].shape
        fits = len(found) == 1 + len(shape) and found[0] == count
        if not fits or any(a not in (None, b) for a, b in zip(shape, found[1:]) if count):
            raise ValueError(f'{path}: {name} is {found}, expected {(count, *shape)}.')
    weights = columns.get('fusion_weights')
    frame, error = int(columns.get('frame', -1)), str(columns.get('error', ''))
    return ImageResult(
        str(columns['name']),
        tuple(int(side) for side in columns['size']),
        [_instance(arrays, weights, i) for i in range(count)],
        np.asarray(columns['faces'], np.int64).reshape(-1, 3),
        tuple(str(name) for name in columns['joint_names']),
        frame=None if frame < 0 else frame,
        error=error or None,
        crop_size=tuple(int(side) for side in columns['crop_size']),
    )


def _instance(arrays: Mapping[str, np.ndarray], weights: Any, i: int) -> InstanceResult:
    told = {
        name: array[i].item() if name in KINDS else array[i].astype(np.float32)
        for name, array in arrays.items()
    }
    fusion = None if weights is None else np.asarray(weights[i], np.float32)
    return InstanceResult(**told, fusion_weights=fusion)
