"""Light on surfaces: smooth normals, and the lit colors of a mesh."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mroi_plugin.visualization.jit import kernel
from mroi_plugin.visualization.rasterizer import edge_rows


def _rows(*values: tuple) -> np.ndarray:
    return np.asarray(values, np.float64)


@dataclass(frozen=True)
class Lighting:
    """Light in the camera frame (x right, y down, z forward); intensities are RGB factors.

    Attributes:
        directions: (L, 3), from the surface towards each light; need not be unit vectors.
        intensities: (L, 3), RGB of each directional light.
        sky: (3,), RGB of the light that reaches a surface facing `up`.
        ground: (3,), RGB of the light that reaches a surface facing away from `up`.
        up: (3,), the world's upward direction.
        specular: strength of the highlights, 0 for matt.
        shininess: exponent of the highlights.
    """

    directions: np.ndarray = field(
        default_factory=lambda: _rows((-0.5, -0.7, -0.9), (0.9, -0.2, -0.5))
    )
    intensities: np.ndarray = field(
        default_factory=lambda: _rows((0.62, 0.60, 0.58), (0.16, 0.18, 0.2))
    )
    sky: np.ndarray = field(default_factory=lambda: _rows((0.42, 0.43, 0.45))[0])
    ground: np.ndarray = field(default_factory=lambda: _rows((0.26, 0.25, 0.25))[0])
    up: np.ndarray = field(default_factory=lambda: _rows((0.0, -1.0, 0.0))[0])
    specular: float = 0.06
    shininess: float = 24.0

    def packed(self) -> tuple:
        """Return the light as contiguous float64 arrays with unit directions, for the kernels."""
        directions = np.atleast_2d(np.asarray(self.directions, np.float64))
        lights = np.concatenate(
            [
                directions / np.linalg.norm(directions, axis=1, keepdims=True),
                np.atleast_2d(np.asarray(self.intensities, np.float64)),
            ],
            axis=1,
        )
        up = np.asarray(self.up, np.float64)
        hemisphere = np.stack([up / np.linalg.norm(up), self.sky, self.ground]).astype(np.float64)
        return lights, hemisphere, float(self.specular), float(self.shininess)


@kernel
def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the area-weighted outward unit normals (V, 3) of a mesh.

    Args:
        vertices: (V, 3) float64, any frame.
        faces: (F, 3) int, counter-clockwise seen from outside.
    """
    normals = np.zeros_like(vertices)
    for face in range(len(faces)):
        p, q, r = vertices[faces[face, 0]], vertices[faces[face, 1]], vertices[faces[face, 2]]
        ax, ay, az = q[0] - p[0], q[1] - p[1], q[2] - p[2]
        bx, by, bz = r[0] - p[0], r[1] - p[1], r[2] - p[2]
        for i in range(3):
            normals[faces[face, i], 0] += ay * bz - az * by
            normals[faces[face, i], 1] += az * bx - ax * bz
            normals[faces[face, i], 2] += ax * by - ay * bx
    for i in range(len(normals)):
        length = np.sqrt((normals[i] ** 2).sum())
        if length > 0.0:
            normals[i] /= length
    return normals


@kernel
def light_vertices(
    vertices: np.ndarray, normals: np.ndarray, colors: np.ndarray, flipped: np.ndarray, light: tuple
) -> np.ndarray:
    """Return the lit color of every vertex (V, 3), RGB: hemisphere light, Lambert, Blinn-Phong.

    Args:
        vertices, normals, colors: (V, 3) float64; camera frame in meters, unit vectors, RGB 0..1.
        flipped: (V,) bool, whether a normal that points away from the camera is turned round.
        light: `Lighting.packed()`.
    """
    lights, hemisphere, specular, shininess = light
    lit = np.zeros_like(colors)
    for v in range(len(vertices)):
        p0, p1, p2 = vertices[v, 0], vertices[v, 1], vertices[v, 2]
        n0, n1, n2 = normals[v, 0], normals[v, 1], normals[v, 2]
        if flipped[v] and n0 * p0 + n1 * p1 + n2 * p2 > 0.0:
            n0, n1, n2 = -n0, -n1, -n2
        reach = max(np.sqrt(p0**2 + p1**2 + p2**2), 1e-12)
        up = n0 * hemisphere[0, 0] + n1 * hemisphere[0, 1] + n2 * hemisphere[0, 2]
        for c in range(3):
            ambient = (0.5 + 0.5 * up) * hemisphere[1, c] + (0.5 - 0.5 * up) * hemisphere[2, c]
            lit[v, c] = colors[v, c] * ambient
        for i in range(len(lights)):
            d0, d1, d2 = lights[i, 0], lights[i, 1], lights[i, 2]
            cosine = n0 * d0 + n1 * d1 + n2 * d2
            if cosine <= 0.0:
                continue
            h0, h1, h2 = d0 - p0 / reach, d1 - p1 / reach, d2 - p2 / reach
            half = (n0 * h0 + n1 * h1 + n2 * h2) / max(np.sqrt(h0**2 + h1**2 + h2**2), 1e-12)
            gloss = specular * max(half, 0.0) ** shininess
            for c in range(3):
                lit[v, c] += lights[i, 3 + c] * (colors[v, c] * cosine + gloss)
    return lit


@kernel
def shade_samples(
    vertices: np.ndarray,
    faces: np.ndarray,
    colors: np.ndarray,
    face_id: np.ndarray,
    camera: np.ndarray,
    window: tuple,
    samples: int,
) -> np.ndarray:
    """Interpolate vertex colors perspective-correctly (Gouraud) and average a pixel's samples.

    Args:
        vertices, colors: (V, 3) float64; camera frame in meters, RGB.
        faces: (F, 3) int.
        face_id: (h S, w S) int, from `rasterize`; -1 where nothing is seen.
        camera: (3,) float64, (f, c_x, c_y), px.
        window: (x0, y0, w, h), px.
        samples: S.

    Returns:
        (h, w, 3) float32, RGB summed over the covered samples and divided by S * S.
    """
    x0, y0, width, height = window
    image = np.zeros((height, width, 3), np.float32)
    rows = np.empty((3, 3))
    share = 1.0 / (samples * samples)
    for k in range(height * samples):
        y = (y0 - 0.5 + (k + 0.5) / samples - camera[2]) / camera[0]
        for j in range(width * samples):
            face = face_id[k, j]
            if face < 0:
                continue
            x = (x0 - 0.5 + (j + 0.5) / samples - camera[1]) / camera[0]
            a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
            edge_rows(vertices, a, b, c, rows)
            w0 = rows[0, 0] * x + rows[0, 1] * y + rows[0, 2]
            w1 = rows[1, 0] * x + rows[1, 1] * y + rows[1, 2]
            w2 = rows[2, 0] * x + rows[2, 1] * y + rows[2, 2]
            scale = share / (w0 + w1 + w2)
            for i in range(3):
                value = w0 * colors[a, i] + w1 * colors[b, i] + w2 * colors[c, i]
                image[k // samples, j // samples, i] += value * scale
    return image
