"""Whether SMPL's joints, in front of the annotated camera, land on the annotated 2D joints."""

from __future__ import annotations

import numpy as np

from mroi_plugin.data_preparation.left_right import MIN_JOINTS, centered, without
from mroi_plugin.data_preparation.value_checks import check_left_right, corners_of_joints
from mroi_plugin.datasets.annotation_cameras import project
from mroi_plugin.datasets.annotation_errors import Finding, findings_of
from mroi_plugin.datasets.annotation_file import Table
from mroi_plugin.mmhuman3d_compat.conventions import from_human_data

MAX_MISFIT = 0.25
"""Projected SMPL joints may be off the annotated ones by this part of the box, in the median."""

MAX_POSE_MISFIT = 0.4
"""Joints may be off those of a body that is moved and scaled in the image by this part of their
spread, in the median; by 0.31 in one of 1,000 true poses, for perspective alone, and by 0.6 to 1.2
under another orientation ..."""
MIN_POSE_MISFIT_M = 0.1
"""... and by this: of heads and shoulders, annotators and fits are off by half of it."""


def check_flat(key: str, points: np.ndarray, reference: np.ndarray) -> list[Finding]:
    """2D joints against SMPL's: `check_left_right`, and of the others `check_pose_in_image`."""
    exchanged = check_left_right(key, points, reference, 'the SMPL joints')
    return [*exchanged, *check_pose_in_image(key, points, without(reference, exchanged))]


def check_pose_in_image(key: str, points: np.ndarray, reference: np.ndarray) -> list[Finding]:
    """SMPL's joints must lie as the 2D joints do, wherever the body stands: unit and frame of the
    rotations, without a camera (weak perspective).

    Args:
        key: key of the 2D joints in the file.
        points: (N, K, 3) px and confidence.
        reference: (N, K, 4) m and confidence, of the body, with the axes of the camera.
    """
    both = (points[..., 2] > 0) & (reference[..., 3] > 0)
    judged = both.sum(1) >= MIN_JOINTS
    given, body = (centered(array[..., :2], both) for array in (points, reference))
    scale = (given * body).sum((1, 2)) / np.maximum((body**2).sum((1, 2)), 1e-12)
    scale = np.maximum(scale, 0)  # px per meter
    distance = np.linalg.norm(scale[:, None, None] * body - given, axis=-1)
    middle = np.ma.median(np.ma.masked_array(distance, ~both), axis=1).filled(0)
    spread = np.sqrt((given**2).sum((1, 2)) / both.sum(1).clip(1))
    return findings_of(
        key,
        judged & (middle > np.maximum(MAX_POSE_MISFIT * spread, MIN_POSE_MISFIT_M * scale)),
        f'lie off the SMPL joints by over {MAX_POSE_MISFIT:.0%} of their spread, wherever the body '
        'is put and however large it is: expected smpl.global_orient and smpl.body_pose as '
        'axis-angle in radians, global_orient with the axes of the camera, x right, y down, z '
        'away.',
        judged,
    )


def check_reprojection(
    keys: str,
    side: np.ndarray,
    table: Table,
    joints: np.ndarray,
    focal: np.ndarray,
    center: np.ndarray,
) -> list[Finding]:
    """Persons whose SMPL joints are off their 2D joints.

    Args:
        keys: of the file that say where the body is.
        side: (N) of the boxes, px.
        table: with ``keypoints2d`` px.
        joints: (N, 54, 3) m in the frame of the camera.
        focal: (N) px.
        center: (N, 2) principal point, px.
    """
    points = from_human_data(table['keypoints2d'], table['keypoints2d_mask'], 'smpl_54')
    pixels = project(joints, np.repeat(focal[:, None], 2, 1), center)
    distance = np.linalg.norm(np.nan_to_num(pixels, nan=np.inf) - points[..., :2], axis=-1)
    _, enough = corners_of_joints(points)
    middle = np.ma.median(np.ma.masked_array(distance, points[..., 2] <= 0), axis=1).filled(0)
    return findings_of(
        keys,
        enough & (middle > MAX_MISFIT * side),
        f'project SMPL off the 2D joints by over {MAX_MISFIT:.0%} of the box: expected meters '
        'in the frame of the full image and pixels of this very image.',
        enough,
    )
