"""Errors of predicted bodies as batched pure functions: MPJPE, PA-MPJPE, PVE, camera residual.

Distances come in the unit of the input; every function returns one number per leading index.
"""

from __future__ import annotations

import roma
import torch
from torch import Tensor

from mroi_plugin.cameras import project_points


def mean_distance(pred: Tensor, target: Tensor) -> Tensor:
    """Mean Euclidean distance of points (..., J, D) to points (..., J, D); returns (...)."""
    return torch.linalg.vector_norm(pred - target, dim=-1).mean(-1)


def mpjpe(pred: Tensor, target: Tensor, pred_root: Tensor, target_root: Tensor) -> Tensor:
    """Mean per-joint position error with both roots moved to the origin (v2 Sec. 4.1).

    Args:
        pred: (..., J, 3) predicted joints.
        target: (..., J, 3) true joints.
        pred_root: (..., 3) predicted pelvis.
        target_root: (..., 3) true pelvis.

    Returns:
        (...) in the unit of the input.
    """
    return mean_distance(pred - pred_root[..., None, :], target - target_root[..., None, :])


def pve(pred: Tensor, target: Tensor, pred_root: Tensor, target_root: Tensor) -> Tensor:
    """Per-vertex error: `mpjpe` of the vertices (..., V, 3); roots (..., 3) are the pelvises."""
    return mpjpe(pred, target, pred_root, target_root)


def pa_mpjpe(pred: Tensor, target: Tensor) -> Tensor:
    """Mean joint error after the best similarity alignment of the prediction, never a mirror image.

    A prediction whose joints are one point is aligned with the mean of the target.

    Args:
        pred: (..., J, 3) predicted joints.
        target: (..., J, 3) true joints.

    Returns:
        (...) in the unit of the input.
    """
    pred = pred - pred.mean(-2, keepdim=True)
    target = target - target.mean(-2, keepdim=True)
    rotation, scale = roma.rigid_vectors_registration(pred, target, compute_scaling=True)
    scale = torch.nan_to_num(scale, nan=0.0)  # 0 / 0 for a single point
    aligned = torch.matmul(pred, (scale[..., None, None] * rotation).mT)
    return mean_distance(aligned, target)


def camera_residual_px(points: Tensor, full_cameras: Tensor, focal_length: Tensor) -> Tensor:
    """How far apart the full cameras of M RoIs project the same points in the full image.

    Mean over ordered pairs of different RoIs and over points; 0 for consistent cameras (Eq. 15).

    Args:
        points: (..., K, 3) metres, body frame.
        full_cameras: (..., M, 3) metres.
        focal_length: (...) pixels.

    Returns:
        (...) pixels; NaN for M = 1, which has no pair.
    """
    pixels = project_points(points[..., None, :, :], full_cameras, focal_length[..., None])
    m = pixels.shape[-3]
    apart = mean_distance(pixels[..., :, None, :, :], pixels[..., None, :, :, :])
    return apart.sum((-2, -1)) / (m * (m - 1)) if m > 1 else apart.sum((-2, -1)) * float('nan')
