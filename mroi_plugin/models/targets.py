"""What the losses compare with, read off a batch."""

from __future__ import annotations

from typing import Any

import roma
import torch
from torch import Tensor

from mroi_plugin.host.conventions import keypoint_names

PELVIS = (('right_hip_extra', 'left_hip_extra'), ('right_hip', 'left_hip'))
"""Joints whose mean is the pelvis, best first: those that data sets annotate, then SMPL's own."""


def pelvis_roots(convention: str) -> list[list[int]]:
    """Index sets whose mean joint is the pelvis, best first.

    Args:
        convention: name of an mmhuman3d keypoint convention.

    Raises:
        ValueError: if the convention is unknown or has no hips.
    """
    names = keypoint_names(convention)
    roots = [[names.index(n) for n in pair] for pair in PELVIS if set(pair) <= set(names)]
    if not roots:
        raise ValueError(
            f'convention={convention!r} has none of the hips {PELVIS}: 3D joints cannot be '
            'centred on '
            "the pelvis; use 'smpl_54'."
        )
    return roots


def smpl_targets(batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Rotation matrices (N, 24, 3, 3) and betas (N, 10) of a batch, whose poses are axis-angle in
    radians."""
    orient, body = batch['smpl_global_orient'], batch['smpl_body_pose']
    axis_angle = torch.cat([orient.reshape(-1, 1, 3), body.reshape(-1, 23, 3)], dim=1).float()
    return roma.rotvec_to_rotmat(axis_angle), batch['smpl_betas'].float()
