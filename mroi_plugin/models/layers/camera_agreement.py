"""Agreement of the M full cameras of a person, and their consensus.

Every RoI implies a full camera ``(t_x, t_y, t_z)`` of the same body (Eq. 12). To first order, two
of them move a point of the body that is one meter from its origin by

    ``f (t_x / t_z - t_x' / t_z')``, the same in y, and ``f / t_z  (log t_z - log t_z')`` px,

so these three numbers are coordinates in which distance means pixels. The consensus is the
geometric median in them: it stays where most cameras are however far one of them errs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mroi_plugin.cameras import project_points

ITERATIONS = 32
NEAR_PX = 1e-3
"""Distances are taken as no smaller by Weiszfeld's algorithm."""
HALF_CONFIDENCE = 0.05
"""Spread, in sides of RoI 0, at which the confidence is one half."""


def _median(x: Tensor) -> Tensor:
    """Lower median along dimension 1; ``torch.median`` is wrong for expanded tensors (2.13)."""
    return x.kthvalue((x.shape[1] + 1) // 2, dim=1).values


def camera_coordinates(cameras: Tensor, focal_length: Tensor) -> Tensor:
    """Coordinates in which distances between full cameras are pixels.

    Args:
        cameras: (N, M, 3) m, in front of the camera.
        focal_length: (N) px.

    Returns:
        (N, M, 3) px.
    """
    focal = focal_length[:, None]
    x, y, z = cameras.unbind(-1)
    meter = focal / _median(z)[:, None]  # its size in the image
    return torch.stack([focal * x / z, focal * y / z, meter * z.log()], -1)


def geometric_median(points: Tensor) -> Tensor:
    """Point (N, D) with the least sum of distances to points (N, M, D), by Weiszfeld's algorithm.

    It starts at the median of each coordinate; for M = 1 it is that point.
    """
    center = _median(points)
    for _ in range(ITERATIONS):
        distance = (points - center[:, None]).norm(dim=-1, keepdim=True).clamp_min(NEAR_PX)
        center = (points / distance).sum(1) / (1 / distance).sum(1)
    return center


def consensus_camera(cameras: Tensor, focal_length: Tensor) -> Tensor:
    """The full camera that most of M agree on, robust against outliers among them.

    Args:
        cameras: (N, M, 3) m, in front of the camera.
        focal_length: (N) px.

    Returns:
        (N, 3) m.
    """
    cameras, focal = cameras.double(), focal_length.double()
    u, v, w = geometric_median(camera_coordinates(cameras, focal)).unbind(-1)
    meter = focal / _median(cameras[..., 2])
    z = (w / meter).exp()
    return torch.stack([u / focal * z, v / focal * z, z], -1)


def spread(
    joints: Tensor, cameras: Tensor, consensus: Tensor, focal_length: Tensor
) -> tuple[Tensor, Tensor]:
    """Distance of M full cameras from their consensus.

    Args:
        joints: (N, K, 3) m, without translation.
        cameras: (N, M, 3) m.
        consensus: (N, 3) m.
        focal_length: (N) px.

    Returns:
        Root mean square, over RoIs and joints, of the distance in px between the projections by
        each camera and by the consensus, (N); and over RoIs, of the distance in depth, (N) m.
    """
    joints, cameras, focal = joints.double(), cameras.double(), focal_length.double()
    own = project_points(joints[:, None], cameras, focal[:, None])
    common = project_points(joints, consensus.double(), focal)
    pixels = (own - common[:, None]).square().sum(-1).mean((1, 2)).sqrt()
    meters = (cameras[..., 2] - consensus[:, None, 2]).square().mean(1).sqrt()
    return pixels, meters


def confidence(spread_px: Tensor, roi_side: Tensor) -> Tensor:
    """``1 / (1 + (spread / (0.05 b))^2)``: 1 in full agreement, one half at 5 % of the box.

    Args:
        spread_px: (N) px.
        roi_side: (N) side ``b`` of RoI 0, px.
    """
    return 1 / (1 + (spread_px / (HALF_CONFIDENCE * roi_side)).square())
