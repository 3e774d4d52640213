"""Simple solids as (vertices, faces, coords): boxes with sharp edges, cylinders, balls.

`coords` (V, 4) are those of `materials.FLAT`.
"""

from __future__ import annotations

import numpy as np

from synthetic_humans.surfaces import grid_faces

_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (0, 1) for z in (-0.5, 0.5)], float)
_SIDES = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)
_PLANES = ((2, 1), (2, 1), (0, 2), (0, 2), (0, 1), (0, 1))


def block(low: tuple, size: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vertices (24, 3), faces and coords of a box that stands at `low` (x, y, z middle)."""
    corners = _CORNERS * size + low
    points = corners[_SIDES].reshape(-1, 3)
    first = 4 * np.arange(6)[:, None]
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])])
    coords = np.zeros((24, 4))
    for side, (u, v) in enumerate(_PLANES):
        rows = slice(4 * side, 4 * side + 4)
        coords[rows, 0], coords[rows, 1] = points[rows, u], points[rows, v]
    return points, faces, coords


def _turned_solid(radii: np.ndarray, heights: np.ndarray, low: tuple) -> tuple:
    """Return a solid of revolution about a vertical axis: radii and heights from the top down."""
    angles = np.arange(20) * 2 * np.pi / 20
    x, z = radii[:, None] * np.sin(angles), radii[:, None] * np.cos(angles)
    y = np.broadcast_to(heights[:, None], x.shape)
    points = np.stack([x, y, z], -1).reshape(-1, 3) + low
    around = np.broadcast_to(angles * max(radii.max(), 0.05), x.shape).ravel()
    coords = np.stack([around, points[:, 1], 0 * around, 0 * around], 1)
    return points, grid_faces(len(radii), 20, True), coords


def cylinder(radius: float, height: float, low: tuple = (0, 0, 0)) -> tuple:
    """Return an upright cylinder that stands at `low`."""
    return _turned_solid(
        np.array([0, radius, radius, 0]), np.array([height, height, 0.0, 0.0]), low
    )


def ball(radius: float, low: tuple = (0, 0, 0)) -> tuple:
    """Return a ball that lies at `low`."""
    t = np.linspace(0, np.pi, 12)
    return _turned_solid(radius * np.sin(t), radius + radius * np.cos(t), low)
