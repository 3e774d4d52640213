"""The cameras of a person's RoIs and the image plane, as shapes in space.

Frame: camera axes of the image, x right, y down, z forward, meters.
"""

from __future__ import annotations

import numpy as np

from mroi_plugin.structures.results import InstanceResult

SIGNS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])


def camera_positions(instance: InstanceResult) -> np.ndarray:
    """Where the M cameras of a person stand if the person stands where it is drawn.

    A full camera (Eq. 12) says where the body is before its camera. All say the same place in
    space where the camera is ``trans`` minus it: the origin, if the RoIs agree.

    Returns:
        (M, 3) m.
    """
    return np.asarray(instance.trans - instance.full_cameras, np.float64)


def roi_frusta(instance: InstanceResult, depth_m: float, crop_size: tuple[int, int]) -> np.ndarray:
    """Edges of the pyramids from the M cameras through their RoIs.

    Args:
        instance: a person.
        depth_m: from a camera to its base; bases of cameras at the origin lie in the image plane
            of this depth.
        crop_size: (w, h) px of the crops, whose shape the RoIs have.

    Returns:
        (M, 8, 2, 3) m: four edges from the apex, and the four sides of the base.
    """
    apex = camera_positions(instance)[:, None]
    sides = np.asarray(crop_size, np.float64) / max(crop_size) * instance.rois[:, 2:]
    corners = (instance.rois[:, None, :2] + SIGNS * sides[:, None] / 2) / instance.focal_length
    rays = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], axis=2)
    base = apex + depth_m * rays
    edges = np.stack([np.broadcast_to(apex, base.shape), base], axis=2)
    border = np.stack([base, np.roll(base, -1, axis=1)], axis=2)
    return np.concatenate([edges, border], axis=1)


def image_plane(
    size: tuple[int, int], focal_px: float, principal_point: np.ndarray, depth_m: float
) -> tuple[np.ndarray, tuple[float, float]]:
    """Center (3,) m, and width and height in m, of an image at a depth before its camera.

    Args:
        size: (w, h) px.
        focal_px: focal length.
        principal_point: (2,) px; whole numbers are pixel centers.
        depth_m: of the plane.
    """
    middle = (np.asarray(size, np.float64) - 1) / 2 - principal_point
    center = np.array([*(middle / focal_px), 1.0]) * depth_m
    return center, (size[0] / focal_px * depth_m, size[1] / focal_px * depth_m)
