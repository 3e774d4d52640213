"""RoI and full cameras (Eq. 12), projection, CLIFF's `bbox_info`, the rotated principal point."""

from __future__ import annotations

import math

import numpy as np


def crop_to_full(camera, roi, focal_px):
    """Full camera (tx, ty, tz) in meters of one local camera (s, tx, ty), Eq. 12."""
    s, tx, ty = (float(v) for v in camera)
    cx, cy, b = (float(v) for v in roi)
    return np.array([tx + 2 * cx / (b * s), ty + 2 * cy / (b * s), 2 * float(focal_px) / (b * s)])


def full_to_crop(full, roi, focal_px):
    """Local camera (s, tx, ty) of one full camera: Eq. 12 solved for s, t_x, t_y."""
    tx, ty, tz = (float(v) for v in full)
    cx, cy, b = (float(v) for v in roi)
    s = 2 * float(focal_px) / (b * tz)
    return np.array([s, tx - cx * tz / float(focal_px), ty - cy * tz / float(focal_px)])


def project(points, full, focal_px, principal_point=(0.0, 0.0)):
    """Pinhole projection of (K, 3) body points in meters to (K, 2) pixels."""
    pixels = []
    for x, y, z in np.asarray(points, dtype=np.float64):
        depth = z + full[2]
        u = focal_px * (x + full[0]) / depth + principal_point[0]
        v = focal_px * (y + full[1]) / depth + principal_point[1]
        pixels.append([u, v])
    return np.array(pixels)


def weak_perspective_px(points, camera, roi):
    """What the local camera says by itself: pixels of the full image relative to its center.

    The crop's longer side is 2 units wide in the local camera and `b` pixels wide in the image.
    """
    s, tx, ty = camera
    cx, cy, b = roi
    return np.array([[cx + b / 2 * s * (x + tx), cy + b / 2 * s * (y + ty)] for x, y, _ in points])


def bbox_info(roi, focal_px):
    """CLIFF's three numbers of one RoI (c_x, c_y, b), all in pixels."""
    cx, cy, b = (float(v) for v in roi)
    f = float(focal_px)
    return np.array([2.8 * cx / f, 2.8 * cy / f, (b - 0.24 * f) / (0.06 * f)])


def default_focal_px(width, height):
    """The focal length when nothing is annotated."""
    return math.sqrt(float(width) ** 2 + float(height) ** 2)


def rotation_2d(degrees):
    """(2, 2) rotation matrix."""
    a = math.radians(degrees)
    return np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])


def rotate_sample(degrees, center_px, pp_px, joints_m, global_orient, transl_m, pelvis_m):
    """The rotated-image rule: pp' = R (pp - c) + c, R J, R * orient, t' = R (J0 + t) - J0.

    `joints_m` (K, 3) and `transl_m` (3,) are in the camera frame, `pelvis_m` (3,) is J0(beta),
    `global_orient` a (3, 3) matrix.
    """
    R2 = rotation_2d(degrees)
    R3 = np.eye(3)
    R3[:2, :2] = R2
    c = np.asarray(center_px, dtype=np.float64)
    pp = R2 @ (np.asarray(pp_px, dtype=np.float64) - c) + c
    joints = np.array([R3 @ j for j in np.asarray(joints_m, dtype=np.float64)])
    pelvis = np.asarray(pelvis_m, dtype=np.float64)
    transl = R3 @ (pelvis + np.asarray(transl_m, dtype=np.float64)) - pelvis
    return {'pp': pp, 'joints': joints, 'global_orient': R3 @ global_orient, 'transl': transl}
