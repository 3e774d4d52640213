"""Entering computed joints, cameras and boxes into a HumanData table."""

from __future__ import annotations

import numpy as np

from mroi_plugin.data_preparation.completion_options import CompletionOptions
from mroi_plugin.data_preparation.left_right import CONVENTION
from mroi_plugin.data_preparation.smpl_joints import Poses
from mroi_plugin.datasets.annotation_cameras import Cameras
from mroi_plugin.datasets.annotation_file import HUMAN_DATA, Table, to_human_data
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names


def add_results(
    table: Table,
    poses: Poses,
    joints: np.ndarray,
    transl: np.ndarray,
    pixels: np.ndarray | None,
    cameras: Cameras,
    options: CompletionOptions,
) -> tuple[Table, dict[str, str]]:
    """The table with what it lacked, and what that was.

    Args:
        table: as from `read_human_data`.
        poses: its parameters.
        joints: (N, 54, 3) meters, camera axes, without translation.
        transl: (N, 3) meters, NaN where unknown.
        pixels: (N, 54, 2), NaN where unknown; None without cameras.
        cameras: as annotated or given.
        options: which keys to replace.
    """
    out, report = dict(table), {}
    out['smpl'] = {**table['smpl'], 'transl': transl.astype(np.float32)}
    report['smpl.transl'] = f'{int(np.isfinite(transl).all(1).sum())} persons'
    if cameras.entry() is not None:
        out['cam_param'] = cameras.entry()
    if cameras.size is not None:
        out['image_width'], out['image_height'] = cameras.size.T.astype(np.int32)
    for key, points in (
        ('keypoints3d', _points3d(joints, transl, poses)),
        ('keypoints2d', _points2d(pixels, cameras)),
    ):
        replaced = key not in table or options.overwrite_keypoints
        if points is None or not replaced:
            lacking = 'camera' if pixels is None else 'translation (smpl.transl)'
            report[key] = 'as annotated' if key in table else f'none: no {lacking}'
            continue
        out[key], out[f'{key}_mask'] = to_human_data(points, CONVENTION)
        out[f'{key}_convention'] = HUMAN_DATA
        report[key] = f'{int((points[..., -1] > 0).any(1).sum())} persons, SMPL joints'
    out['bbox_xywh'], report['bbox_xywh'] = _boxes(table, pixels, options)
    return out, report


def _points3d(joints: np.ndarray, transl: np.ndarray, poses: Poses) -> np.ndarray:
    """(N, 54, 4): in the frame of the camera, pelvis-centered if any person has no translation; the
    two are never mixed."""
    everywhere = np.isfinite(transl[poses.known]).all()
    placed = joints + transl[:, None] if everywhere else joints - joints[:, :1]
    known = np.broadcast_to(poses.known[:, None, None], (*joints.shape[:2], 1))
    return np.concatenate([np.where(known, placed, 0), known], 2)


def _points2d(pixels: np.ndarray | None, cameras: Cameras) -> np.ndarray | None:
    """(N, 54, 3): confidence 1 within the image, hidden or not, 0 outside."""
    if pixels is None or not np.isfinite(pixels).any():
        return None
    seen = np.isfinite(pixels).all(-1)
    if cameras.size is not None:
        with np.errstate(invalid='ignore'):
            seen &= ((pixels >= 0) & (pixels <= cameras.size[:, None] - 1)).all(-1)
    return np.concatenate([np.nan_to_num(pixels), seen[..., None]], 2)


def _boxes(
    table: Table, pixels: np.ndarray | None, options: CompletionOptions
) -> tuple[np.ndarray, str]:
    wanted = options.boxes == 'projected'
    wanted |= options.boxes == 'auto' and str(table.get('config', '')).startswith('pw3d')
    if not wanted or pixels is None:
        return table['bbox_xywh'], 'as annotated'
    boxes, found = table['bbox_xywh'].copy(), np.isfinite(pixels).all((1, 2))
    boxes[found, :4] = coco_boxes(pixels[found], options.box_padding)
    padding = f'x{options.box_padding:g}; set box_padding=1.0 in the dataset config'
    return boxes, f'{int(found.sum())} persons, projected COCO joints {padding}'


def coco_boxes(pixels: np.ndarray, padding: float) -> np.ndarray:
    """Boxes of projected COCO joints, also beyond the border of the image.

    Args:
        pixels: (N, 54, 2) 'smpl_54' joints.
        padding: factor on the sides, about the middle.

    Returns:
        (N, 4) x, y, w, h pixels.
    """
    names = keypoint_names(CONVENTION)
    joints = pixels[:, [names.index(name) for name in keypoint_names('coco')]]
    low, high = joints.min(1), joints.max(1)
    sides = (high - low) * padding
    return np.hstack([(low + high - sides) / 2, sides])
