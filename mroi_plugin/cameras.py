"""RoI, local and full cameras (v2 Sec. 3.2), as pure functions on tensors.

Notation: N persons, M RoIs, K points. Axes are x right, y down, z forward; lengths on the image are
pixels of the (augmented) full image, lengths in space are meters.

- RoI ``B = (c_x, c_y, b)``: center relative to the principal point and side, all in pixels.
- local camera ``C = (s, t_x, t_y)``: weak perspective of one crop; ``s`` unitless, ``t`` in meters.
- full camera ``(t_x, t_y, t_z)``: translation of the body in the frame of the full image, meters.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar('Array', Tensor, np.ndarray)
MIN_SCALE = 1e-3
"""Smallest \\|s\\| used in a division: a body a thousandth of its crop carries no information."""
MIN_DEPTH_M = 0.05
"""Smallest |depth| used in a division, meters: no person is seen from nearer."""


def default_focal_length(img_size: Array) -> Array:
    """Focal length assumed when none is annotated, ``f = sqrt(W^2 + H^2)`` (CLIFF, Sec. 3.1).

    Args:
        img_size: (..., 2) width and height of the full image in pixels.

    Returns:
        (...) focal length in pixels.
    """
    return (img_size**2).sum(-1) ** 0.5


def encode_bbox_info(rois: Array, focal_length: Array) -> Array:
    """Normalized RoI that the network sees, ``(2.8 c_x/f, 2.8 c_y/f, (b - 0.24 f)/(0.06 f))``
    (CLIFF).

    Args:
        rois: (..., 3) center relative to the principal point and side, pixels; tensor or array.
        focal_length: (...) pixels, likewise; broadcast against the leading dimensions of ``rois``.

    Returns:
        (..., 3) unitless ``bbox_info``, likewise.
    """
    join = torch.cat if isinstance(rois, Tensor) else np.concatenate
    f = focal_length[..., None]
    center = 2.8 * rois[..., :2] / f
    side = (rois[..., 2:] - 0.24 * f) / (0.06 * f)
    return join([center, side], -1)


def decode_bbox_info(bbox_info: Tensor) -> Tensor:
    """RoI in units of the focal length, ``(c_x/f, c_y/f, b/f)`` (inverse of `encode_bbox_info`).

    Args:
        bbox_info: (..., 3) unitless.

    Returns:
        (..., 3) in focal lengths.
    """
    return torch.cat([bbox_info[..., :2] / 2.8, 0.06 * bbox_info[..., 2:] + 0.24], dim=-1)


def _away_from_zero(x: Tensor, minimum: float) -> Tensor:
    """Keep the sign of ``x`` and at least ``minimum`` of its size, so that 1/x stays finite."""
    return torch.where(x < 0, x.clamp(max=-minimum), x.clamp(min=minimum))


def crop_to_full_camera(camera: Tensor, roi: Tensor, focal_length: Tensor) -> Tensor:
    """Full camera that a local camera of one RoI implies (Eq. 12).

    ``t_x' = t_x + 2 c_x / (b s)`` (Eq. 10, by similar triangles from Eq. 9), ``t_y' = t_y + 2 c_y /
    (b s)`` (Eq. 11), ``t_z' = 2 f / (b s)`` (Eq. 8, from Eq. 7). For RoI n it is Eq. 13.
    ``|s|`` below `MIN_SCALE` is treated as `MIN_SCALE`, which keeps values and gradients finite.

    Args:
        camera: (..., 3) local ``(s, t_x, t_y)``; ``s`` unitless, ``t`` meters.
        roi: (..., 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.
        focal_length: (...) pixels.

    Returns:
        (..., 3) full ``(t_x, t_y, t_z)`` in meters.
    """
    scale = _away_from_zero(camera[..., :1], MIN_SCALE)
    meters_per_pixel = 2 / (roi[..., 2:] * scale)  # at the depth of the body
    shift = camera[..., 1:] + roi[..., :2] * meters_per_pixel
    depth = focal_length[..., None] * meters_per_pixel
    return torch.cat([shift, depth], dim=-1)


def full_to_crop_camera(full: Tensor, roi: Tensor, focal_length: Tensor) -> Tensor:
    """Local camera of one RoI that shows the body where a full camera does (inverse of Eq. 12).

    Args:
        full: (..., 3) full ``(t_x, t_y, t_z)`` in meters.
        roi: (..., 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.
        focal_length: (...) pixels.

    Returns:
        (..., 3) local ``(s, t_x, t_y)``; ``s`` unitless, ``t`` meters.
    """
    depth = _away_from_zero(full[..., 2:], MIN_DEPTH_M)
    scale = 2 * focal_length[..., None] / (roi[..., 2:] * depth)
    shift = full[..., :2] - roi[..., :2] * depth / focal_length[..., None]
    return torch.cat([scale, shift], dim=-1)


def project_points(
    points: Tensor,
    full_camera: Tensor,
    focal_length: Tensor,
    principal_point: Tensor | None = None,
) -> Tensor:
    """Perspective projection of body points into the full image (v2 Sec. 3.4).

    The formula holds behind the camera too (a mirrored image, as weak perspective gives for
    ``s < 0``); ``|depth|`` below `MIN_DEPTH_M` is treated as `MIN_DEPTH_M`, which keeps it finite.

    Args:
        points: (..., K, 3) meters, in the frame of the body (axes of the camera, no translation).
        full_camera: (..., 3) translation in meters.
        focal_length: (...) pixels.
        principal_point: (..., 2) pixels from the top left corner of the full image, optional.

    Returns:
        (..., K, 2) pixels, relative to the principal point; from the top left corner if one is
        given.
    """
    in_camera = points + full_camera[..., None, :]
    depth = _away_from_zero(in_camera[..., 2:], MIN_DEPTH_M)
    pixels = focal_length[..., None, None] * in_camera[..., :2] / depth
    return pixels if principal_point is None else pixels + principal_point[..., None, :]
