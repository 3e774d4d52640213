"""The camera that shows a body where landmarks of the image are, in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from mroi_plugin.cameras import project_points

ROUNDS = 10
"""Solutions, each with the weights that the distances of the one before give."""
TOLERANCE = 0.05
"""Distance of a landmark, in sides of RoI 0, at which its weight is half."""
LEAST_WEIGHT, LEAST_SPREAD = 3.0, 0.02
"""Landmarks, and their spread in sides of RoI 0, without which the camera stays as it was."""
DEPTH_FACTOR = 1.5
"""Most that a depth is multiplied or divided by: where pose and landmarks differ, the nearest body
may be one many times too large."""


def align_camera(
    joints: Tensor,
    points: Tensor,
    weights: Tensor,
    camera: Tensor,
    focal_length: Tensor,
    side: Tensor,
) -> Tensor:
    """Translations that project joints nearest to image points.

    With ``u = p / f``, a joint ``(X, Y, Z)`` at the translation ``t`` is seen at its point where
    ``X + t_x = u_x (Z + t_z)`` and ``Y + t_y = u_y (Z + t_z)``: equations linear in ``t``, solved
    by least squares. Each is solved again with weights that fall with the distance on the image
    (Cauchy's), so that points far off do not count.

    Args:
        joints: (N, P, 3) m in the frame of the body, with the axes of the camera.
        points: (N, P, 2) px from the principal point.
        weights: (N, P) of the points, 1 for one that counts in full.
        camera: (N, 3) m, the translation where too few points, or none that lie apart, are known;
            the depth is within `DEPTH_FACTOR` of its.
        focal_length: (N) px.
        side: (N) px, size of the person.

    Returns:
        (N, 3) m.
    """
    enough, apart = weights.sum(1) >= LEAST_WEIGHT, _spread(points, weights) >= LEAST_SPREAD * side
    usable = (enough & apart & (camera[:, 2] > 0))[:, None]
    found, current = camera, weights
    for _ in range(ROUNDS):
        solved = _solve(joints, points / focal_length[:, None, None], current, camera[:, 2:])
        found = torch.where(usable, solved, found)
        distance = (project_points(joints, found, focal_length) - points).norm(dim=-1)
        current = weights / (1 + (distance / (TOLERANCE * side[:, None])).square())
    return found


def _solve(joints: Tensor, rays: Tensor, weights: Tensor, near: Tensor) -> Tensor:
    """Translation (N, 3) of least squares for rays (N, P, 2), by eliminating t_x and t_y; its depth
    is within `DEPTH_FACTOR` of ``near`` (N, 1)."""
    weight = weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
    mean = _mean(rays, weight)
    error = rays * joints[..., 2:] - joints[..., :2]
    middle = _mean(error, weight)
    centered = rays - mean[:, None]
    depth = -_mean((centered * (error - middle[:, None])).sum(-1, keepdim=True), weight)
    depth = depth / _mean(centered.square().sum(-1, keepdim=True), weight).clamp(min=1e-9)
    depth = torch.minimum(torch.maximum(depth, near / DEPTH_FACTOR), near * DEPTH_FACTOR)
    return torch.cat([middle + mean * depth, depth], dim=1)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight[..., None]).sum(1)


def _spread(points: Tensor, weights: Tensor) -> Tensor:
    """Standard deviation (N) px of points about their mean."""
    weight = weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
    centered = points - _mean(points, weight)[:, None]
    return _mean(centered.square().sum(-1, keepdim=True), weight)[:, 0].sqrt()
