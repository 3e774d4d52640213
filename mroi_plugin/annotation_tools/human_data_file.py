"""HumanData files as dictionaries: read without executing anything, written whole or not at
all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mroi_plugin.annotation_tools.columns import column, require_keys, texts
from mroi_plugin.annotation_tools.problems import AnnotationError
from mroi_plugin.annotation_tools.safe_files import read_npz
from mroi_plugin.host.compat import load_host
from mroi_plugin.host.conventions import keypoint_names

Table = dict[str, Any]
KEYPOINTS = {'keypoints2d': 3, 'keypoints3d': 4}
"""Keys of keypoints and their channels, confidence last."""
HUMAN_DATA = 'human_data'
_ATTRIBUTES = ('__key_strict__', '__data_len__', '__keypoints_compressed__')


def read_human_data(path: str) -> Table:
    """Read an mmhuman3d HumanData ``.npz`` with its keypoints in the full 'human_data' convention.

    Args:
        path: the file; keypoints may be compressed by their mask or in another convention of
            mmhuman3d, if ``keypoints*_convention`` says so.

    Returns:
        The entries; ``image_path`` is a list, ``bbox_xywh`` (N, 5) px, ``keypoints2d`` (N, 190, 3)
        and ``keypoints3d`` (N, 190, 4) where the file has them.

    Raises:
        AnnotationError: for missing keys, wrong lengths or an unknown convention.
    """
    table = read_npz(path)
    compressed = bool(table.get('__keypoints_compressed__', False))
    table = {key: value for key, value in table.items() if key not in _ATTRIBUTES}
    hint = 'Expected a HumanData file of an mmhuman3d converter; see tools/import_annotations.py.'
    require_keys(path, table, ('image_path', 'bbox_xywh'), hint)
    table['image_path'] = texts(path, 'image_path', table['image_path'])
    table['bbox_xywh'] = _boxes(path, table['bbox_xywh'], len(table['image_path']))
    for key in KEYPOINTS:
        if key in table:
            table[key], table[f'{key}_mask'] = _keypoints(path, table, key, compressed)
            table[f'{key}_convention'] = HUMAN_DATA
    return _expand_others(table) if compressed else table


def _expand_others(table: Table) -> Table:
    """Undo the compression of further keypoints, e.g. ``keypoints2d_smpl``."""
    out = dict(table)
    for key, values in table.items():
        mask = table.get(f'{key}_mask')
        if key not in KEYPOINTS and 'keypoints' in key and mask is not None:
            known = np.asarray(mask) > 0
            out[key] = np.zeros((len(values), len(known), values.shape[-1]), values.dtype)
            out[key][:, known] = values
    return out


def _boxes(path: str, values: Any, count: int) -> np.ndarray:
    width = np.asarray(values).shape[-1] if np.ndim(values) == 2 else 5
    boxes = column(path, 'bbox_xywh', values, count, (width,), finite=True)
    if width not in (4, 5):
        raise AnnotationError(f'{path}: bbox_xywh has {width} columns, expected x, y, w, h, score.')
    bad = np.flatnonzero((boxes[:, 2:4] <= 0).any(1))
    if len(bad):
        raise AnnotationError(
            f'{path}: bbox_xywh of {len(bad)} samples is empty; the first is sample {bad[0]}: '
            f'{boxes[bad[0]].tolist()}. Expected x, y, w > 0, h > 0 in pixels.'
        )
    return np.hstack([boxes[:, :4], boxes[:, 4:5] if width == 5 else np.ones((count, 1))])


def _keypoints(path: str, table: Table, key: str, compressed: bool) -> tuple:
    """Keypoints (N, 190, C) of 'human_data' and their mask (190)."""
    name = str(table.get(f'{key}_convention', HUMAN_DATA))
    joints = _joint_count(path, f'{key}_convention', name)
    require_keys(path, table, (f'{key}_mask',), 'Keypoints need the mask of their joints.')
    mask = column(path, f'{key}_mask', table[f'{key}_mask'], joints, ()) > 0
    stored = int(mask.sum()) if compressed else joints
    count, channels = len(table['image_path']), KEYPOINTS[key]
    values = column(path, key, table[key], count, (stored, channels))
    full = np.zeros((count, joints, channels))
    full[:, mask if compressed else slice(None)] = values
    return to_human_data(full, name, mask)


def _joint_count(path: str, key: str, convention: str) -> int:
    try:
        return len(keypoint_names(convention))
    except ValueError as error:
        raise AnnotationError(f'{path}: {key}: {error}') from None


def to_human_data(
    keypoints: np.ndarray, convention: str, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints in the 'human_data' convention.

    Args:
        keypoints: (N, K, C) with confidence last.
        convention: theirs.
        mask: (K) which joints the data annotates; all by default.

    Returns:
        (N, 190, C) and the mask (190) uint8.
    """
    load_host()
    from mmhuman3d.core.conventions.keypoints_mapping import convert_kps

    mask = np.ones(keypoints.shape[1], np.uint8) if mask is None else mask.astype(np.uint8)
    converted, valid = convert_kps(keypoints, src=convention, dst=HUMAN_DATA, mask=mask)
    return converted, np.asarray(valid, np.uint8)


def select(table: Mapping[str, Any], keep: np.ndarray) -> Table:
    """The persons of a table that stay.

    Args:
        table: entries with one row per person are sliced, one level of dictionaries deep; others
            are kept.
        keep: (N) True where a person stays.
    """
    return {
        key: {name: _rows(value, keep) for name, value in entry.items()}
        if isinstance(entry, dict)
        else entry
        if key.endswith(('_mask', '_convention'))
        else _rows(entry, keep)
        for key, entry in table.items()
    }


def _rows(values: Any, keep: np.ndarray) -> Any:
    if isinstance(values, np.ndarray) and values.ndim and len(values) == len(keep):
        return values[keep]
    if isinstance(values, (list, tuple)) and len(values) == len(keep):
        return [value for value, stays in zip(values, keep) if stays]
    return values


def check_output(path: str, force: bool) -> None:
    """Refuse to write over a file by accident, before any work is done.

    Raises:
        AnnotationError: if the name does not end in ``.npz`` or the file is there already.
    """
    if not path.endswith('.npz'):
        raise AnnotationError(f'{path}: the file to write must end in .npz.')
    if os.path.exists(path) and not force:
        raise AnnotationError(f'{path} exists: give --force to replace it.')


def write_human_data(path: str, table: Mapping[str, Any]) -> None:
    """Write a table as a HumanData npz with compressed keypoints; it appears whole or not at all.

    Args:
        path: the npz file.
        table: as from `read_human_data`.
    """
    load_host()
    from mmhuman3d.data.data_structures.human_data import HumanData

    data = HumanData()
    data.update(table)
    data.__data_len__ = len(table['image_path'])
    for key in KEYPOINTS:
        if key in table:
            data[key] = np.asarray(table[key], np.float32)
    if any(key in table for key in KEYPOINTS):
        data.compress_keypoints_by_mask()
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f'{target.stem}.{os.getpid()}.part.npz')
    try:
        data.dump(str(part))
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
