"""Visibility of triangles under a true perspective camera: a z-buffer in homogeneous coordinates.

With the corners of a triangle as the columns of `M` (camera frame, meters) and the ray through a
pixel `d = ((x - c_x) / f, (y - c_y) / f, 1)`, the numbers `e = M^-1 d` are the barycentric
coordinates divided by depth: a pixel is inside when all are positive, and their sum is `1 / z`
(Olano and Greer, Triangle Scan Conversion using 2D Homogeneous Coordinates, 1997). Nothing is
divided by the depth of a corner, so triangles that reach behind the camera need no clipping.

Symbols: V vertices, F faces, S samples per pixel and axis. A window is `(x0, y0, w, h)` in pixels.
An integer pixel coordinate is the center of the pixel.
"""

from __future__ import annotations

import numpy as np

from mroi_plugin.visualization.jit import kernel

NEAR_M = 0.02
"""Surfaces closer than this to the camera plane are not drawn, meters."""

_FLAT = 1e-18


@kernel
def _cross(vertices: np.ndarray, a: int, b: int, out: np.ndarray) -> None:
    """Fill `out` (3,) with the cross product of two rows of `vertices`."""
    out[0] = vertices[a, 1] * vertices[b, 2] - vertices[a, 2] * vertices[b, 1]
    out[1] = vertices[a, 2] * vertices[b, 0] - vertices[a, 0] * vertices[b, 2]
    out[2] = vertices[a, 0] * vertices[b, 1] - vertices[a, 1] * vertices[b, 0]


@kernel
def edge_rows(vertices: np.ndarray, a: int, b: int, c: int, rows: np.ndarray) -> float:
    """Fill `rows` (3, 3) with the adjugate of `M = [v_a v_b v_c]` and return its determinant.

    The determinant is negative when the triangle, counter-clockwise from outside, faces the camera.
    """
    _cross(vertices, b, c, rows[0])
    _cross(vertices, c, a, rows[1])
    _cross(vertices, a, b, rows[2])
    return vertices[a, 0] * rows[0, 0] + vertices[a, 1] * rows[0, 1] + vertices[a, 2] * rows[0, 2]


@kernel
def _grow(bounds: np.ndarray, x: float, y: float, z: float, camera: np.ndarray) -> None:
    """Extend `bounds` (x_min, x_max, y_min, y_max; px) by the projection of one point."""
    u = camera[0] * x / z + camera[1]
    v = camera[0] * y / z + camera[2]
    bounds[0] = min(bounds[0], u)
    bounds[1] = max(bounds[1], u)
    bounds[2] = min(bounds[2], v)
    bounds[3] = max(bounds[3], v)


@kernel
def _pixel_bounds(
    vertices: np.ndarray, face: np.ndarray, camera: np.ndarray, near: float, bounds: np.ndarray
) -> None:
    """Fill `bounds` (4,) with the image bounds, px, of the part of a triangle beyond `near`."""
    bounds[0] = bounds[2] = np.inf
    bounds[1] = bounds[3] = -np.inf
    for i in range(3):
        p, q = face[i], face[(i + 1) % 3]
        if vertices[p, 2] >= near:
            _grow(bounds, vertices[p, 0], vertices[p, 1], vertices[p, 2], camera)
        if (vertices[p, 2] >= near) != (vertices[q, 2] >= near):
            t = (near - vertices[p, 2]) / (vertices[q, 2] - vertices[p, 2])
            x = vertices[p, 0] + t * (vertices[q, 0] - vertices[p, 0])
            y = vertices[p, 1] + t * (vertices[q, 1] - vertices[p, 1])
            _grow(bounds, x, y, near, camera)


@kernel
def _sample_range(low: float, high: float, start: float, samples: int, size: int) -> tuple:
    """Return the first and one past the last sample index whose position lies in [low, high]."""
    first = np.ceil((low - start + 0.5) * samples - 0.5)
    last = np.floor((high - start + 0.5) * samples - 0.5)
    first = min(max(first, 0.0), float(size))
    last = min(max(last, -1.0), float(size - 1))
    return int(first), int(last) + 1


@kernel
def _fill(
    rows: np.ndarray,
    det: float,
    span: tuple,
    step: tuple,
    face: int,
    near: float,
    inverse_depth: np.ndarray,
    face_id: np.ndarray,
) -> None:
    """Write the samples of one triangle that are nearer than what the buffers hold.

    Args:
        rows: (3, 3), adjugate of the corner matrix, times the sign of `det`.
        det: absolute determinant.
        span: (j0, j1, k0, k1), half-open ranges of sample columns and rows.
        step: (x of column 0, y of row 0, increment), all in units of the focal length.
    """
    j0, j1, k0, k1 = span
    x_start, y_start, increment = step
    for k in range(k0, k1):
        y = y_start + k * increment
        c0 = rows[0, 1] * y + rows[0, 2]
        c1 = rows[1, 1] * y + rows[1, 2]
        c2 = rows[2, 1] * y + rows[2, 2]
        for j in range(j0, j1):
            x = x_start + j * increment
            e0 = rows[0, 0] * x + c0
            e1 = rows[1, 0] * x + c1
            e2 = rows[2, 0] * x + c2
            if e0 < 0.0 or e1 < 0.0 or e2 < 0.0:
                continue
            value = (e0 + e1 + e2) / det
            if value > inverse_depth[k, j] and value * near <= 1.0:
                inverse_depth[k, j] = value
                face_id[k, j] = face


@kernel
def rasterize(
    vertices: np.ndarray,
    faces: np.ndarray,
    culled: np.ndarray,
    camera: np.ndarray,
    window: tuple,
    samples: int,
    near: float,
) -> tuple:
    """Find the nearest triangle of every sample of a window.

    Args:
        vertices: (V, 3) float64, camera frame (x right, y down, z forward), meters.
        faces: (F, 3) int, counter-clockwise seen from outside.
        culled: (F,) bool, whether the face is invisible from behind.
        camera: (3,) float64, focal length and principal point (f, c_x, c_y), px.
        window: (x0, y0, w, h) of the drawn part of the image, px.
        samples: S, samples per pixel and axis.
        near: nearest visible depth, meters.

    Returns:
        inverse_depth (h S, w S) float32 in 1/m, 0 where nothing is seen, and
        face_id (h S, w S) int32, -1 where nothing is seen.
    """
    x0, y0, width, height = window
    inverse_depth = np.zeros((height * samples, width * samples), np.float32)
    face_id = np.full((height * samples, width * samples), -1, np.int32)
    first = 0.5 / samples - 0.5
    step = (
        (x0 + first - camera[1]) / camera[0],
        (y0 + first - camera[2]) / camera[0],
        1.0 / (samples * camera[0]),
    )
    rows, bounds = np.empty((3, 3)), np.empty(4)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        if max(vertices[a, 2], vertices[b, 2], vertices[c, 2]) < near:
            continue
        det = edge_rows(vertices, a, b, c, rows)
        if not abs(det) > _FLAT or (det > 0.0 and culled[face]):
            continue
        if det < 0.0:
            rows *= -1.0
        _pixel_bounds(vertices, faces[face], camera, near, bounds)
        j0, j1 = _sample_range(bounds[0], bounds[1], x0, samples, width * samples)
        k0, k1 = _sample_range(bounds[2], bounds[3], y0, samples, height * samples)
        _fill(rows, abs(det), (j0, j1, k0, k1), step, face, near, inverse_depth, face_id)
    return inverse_depth, face_id
