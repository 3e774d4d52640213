"""Translation of a body, fitted to 2D joints under a known camera."""

from __future__ import annotations

import numpy as np

from mroi_plugin.data_preparation.left_right import MIN_JOINTS

_ROUNDS = 6


def fit_translations(
    joints: np.ndarray, points: np.ndarray, focal: np.ndarray, center: np.ndarray
) -> np.ndarray:
    """Translation that projects joints onto annotated ones, least squares in pixels.

    A joint at ``J + t`` is seen at ``u`` if ``f (J + t)_xy = (u - c) (J + t)_z``, which is linear
    in ``t``; dividing by the depth of the round before makes the residual one of pixels.

    Args:
        joints: (N, K, 3) meters, camera axes, without translation.
        points: (N, K, 3) pixels and confidence.
        focal: (N, 2) pixels.
        center: (N, 2) principal point, pixels.

    Returns:
        (N, 3) meters; NaN where fewer than `MIN_JOINTS` joints are annotated or the fit is behind
        the camera.
    """
    weights = np.sqrt(np.clip(points[..., 2], 0, None))[..., None]
    offset = np.where(weights > 0, points[..., :2] - center[:, None], 0)
    rows = np.zeros((*joints.shape[:2], 2, 3))
    rows[..., 0, 0], rows[..., 1, 1] = focal[:, None, 0], focal[:, None, 1]
    rows[..., 2] = -offset
    right = offset * joints[..., 2:] - focal[:, None] * joints[..., :2]
    found, depth = np.zeros((len(joints), 3)), np.ones((*joints.shape[:2], 1))
    for _ in range(_ROUNDS):
        found = _solve(rows * (weights / depth)[..., None], right * weights / depth)
        depth = np.maximum(joints[..., 2:] + found[:, None, 2:], 0.1)
    enough = (points[..., 2] > 0).sum(1) >= MIN_JOINTS
    return np.where((enough & (found[:, 2] > 0))[:, None], found, np.nan)


def _solve(rows: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Least squares of N systems, (N, K, 2, 3) and (N, K, 2) -> (N, 3)."""
    normal = np.einsum('nkia,nkib->nab', rows, rows)
    normal += 1e-9 * (1 + np.trace(normal, axis1=1, axis2=2))[:, None, None] * np.eye(3)
    return np.linalg.solve(normal, np.einsum('nkia,nki->na', rows, right)[..., None])[..., 0]
