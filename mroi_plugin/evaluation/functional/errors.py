"""Errors of predicted bodies as batched pure functions: of joints, vertices, and cameras.

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
    rotation, scale = _similarity(pred, target)
    aligned = torch.matmul(pred, (scale[..., None, None] * rotation).mT)
    return mean_distance(aligned, target)


def _similarity(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Rotations (..., 3, 3) and scales (...) that align centered points (..., J, 3) best (Umeyama,
    TPAMI 1991); scale 0 of a single point.

    Matrices of 3x3 are decomposed on the host: a device would be waited for several times.
    """
    covariance = torch.einsum('...ki,...kj->...ij', target, pred)
    covariance = covariance.cpu().nan_to_num(0.0, 0.0, 0.0)
    rotation, singular = roma.special_procrustes(covariance, return_singular_values=True)
    rotation, total = (x.to(pred.device, non_blocking=True) for x in (rotation, singular.sum(-1)))
    return rotation, torch.nan_to_num(total / pred.square().sum((-2, -1)), nan=0.0)


def pa_pve(pred: Tensor, target: Tensor) -> Tensor:
    """Per-vertex error after the best similarity alignment: `pa_mpjpe` of vertices (..., V, 3)."""
    return pa_mpjpe(pred, target)


def joint_distances(pred: Tensor, target: Tensor, pred_root: Tensor, target_root: Tensor) -> Tensor:
    """Distances (..., J) of which `mpjpe` is the mean."""
    pred, target = pred - pred_root[..., None, :], target - target_root[..., None, :]
    return torch.linalg.vector_norm(pred - target, dim=-1)


def pck(distances: Tensor, threshold: float) -> Tensor:
    """Share of joints (..., J) that are off by less than ``threshold``; returns (...), 0..1.

    Percentage of correct keypoints in 3D, 150 mm (Mehta et al., 3DV 2017, and
    ``mpii_compute_3d_pck.m`` of MPI-INF-3DHP's test set).
    """
    return (distances < threshold).double().mean(-1)


def auc(distances: Tensor, thresholds: Tensor) -> Tensor:
    """Mean of `pck` over thresholds (T); returns (...), 0..1.

    ``mpii_compute_3d_pck.m`` takes 0, 5, ..., 150 mm; at 0 no joint counts, so that the best there
    can be is 30 / 31.
    """
    return (distances[..., None] < thresholds).double().mean((-2, -1))


def reprojection_px(
    points: Tensor,
    keypoints: Tensor,
    full_camera: Tensor,
    focal_length: Tensor,
    principal_point: Tensor,
) -> Tensor:
    """Mean distance in the image of projected joints from the annotated ones.

    Args:
        points: (..., K, 3) meters, body frame.
        keypoints: (..., K, 3) pixels and confidence, 0 for joints that do not count.
        full_camera: (..., 3) meters.
        focal_length: (...) pixels.
        principal_point: (..., 2) pixels.

    Returns:
        (...) pixels; NaN where no joint is annotated.
    """
    pixels = project_points(points, full_camera, focal_length, principal_point)
    apart = torch.linalg.vector_norm(pixels - keypoints[..., :2], dim=-1)
    known = keypoints[..., 2] > 0
    return torch.where(known, apart, 0).sum(-1) / known.sum(-1)


def camera_residual_px(points: Tensor, full_cameras: Tensor, focal_length: Tensor) -> Tensor:
    """Distance in the full image between projections of the same points by M full cameras.

    Mean over ordered pairs of different RoIs and over points; 0 for consistent cameras (Eq. 15).

    Args:
        points: (..., K, 3) meters, body frame.
        full_cameras: (..., M, 3) meters.
        focal_length: (...) pixels.

    Returns:
        (...) pixels; NaN for M = 1, which has no pair.
    """
    pixels = project_points(points[..., None, :, :], full_cameras, focal_length[..., None])
    m = pixels.shape[-3]
    apart = mean_distance(pixels[..., :, None, :, :], pixels[..., None, :, :, :])
    return apart.sum((-2, -1)) / (m * (m - 1)) if m > 1 else apart.sum((-2, -1)) * float('nan')
