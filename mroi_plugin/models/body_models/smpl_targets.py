"""SMPL parameters of a batch in the form in which they are compared."""

from __future__ import annotations

from typing import Any

import roma
import torch
from torch import Tensor


def smpl_targets(batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Rotation matrices (N, 24, 3, 3) and betas (N, 10) of a batch, whose poses are axis-angle in
    radians."""
    orient, body = batch['smpl_global_orient'], batch['smpl_body_pose']
    axis_angle = torch.cat([orient.reshape(-1, 1, 3), body.reshape(-1, 23, 3)], dim=1).float()
    return roma.rotvec_to_rotmat(axis_angle), batch['smpl_betas'].float()
