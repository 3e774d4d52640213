"""Whether SMPL's joints, in front of the annotated camera, land on the annotated 2D joints."""

from __future__ import annotations

import numpy as np

from mroi_plugin.data_preparation.importers.spin_style import Source
from mroi_plugin.data_preparation.value_checks import corners_of_joints
from mroi_plugin.datasets.annotation_cameras import project
from mroi_plugin.datasets.annotation_errors import Finding, findings_of
from mroi_plugin.datasets.annotation_file import Table
from mroi_plugin.mmhuman3d_compat.conventions import from_human_data

MAX_MISFIT = 0.25
"""Projected SMPL joints may be off the annotated ones by this part of the box, in the median."""


def check_reprojection(
    keys: str,
    source: Source,
    table: Table,
    joints: np.ndarray,
    focal: np.ndarray,
    center: np.ndarray,
) -> list[Finding]:
    """Persons whose SMPL joints are off their 2D joints.

    Args:
        keys: of the file that say where the body is.
        source: for the sides of the boxes.
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
        enough & (middle > MAX_MISFIT * source.side),
        f'project SMPL off the 2D joints by over {MAX_MISFIT:.0%} of the box: expected meters '
        'in the frame of the full image and pixels of this very image.',
    )
