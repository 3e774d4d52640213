"""Draw the surfaces of a scene: one z-buffer, then light, texture and shadow for every sample.

The z-buffer is that of `mroi_plugin.visualization.rasterizer`; frames and symbols are its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mroi_plugin.visualization.jit import kernel
from mroi_plugin.visualization.rasterizer import NEAR_M, edge_rows, rasterize
from mroi_plugin.visualization.shading import Lighting
from synthetic_humans.materials import NOISE, SIDE, Material
from synthetic_humans.surfaces import Surface
from synthetic_humans.views import View

SAMPLES = 2
"""Samples per pixel and axis."""
SHADOW_SIDE = 384
"""Resolution of the shadow map, texels."""

_LAMP_AWAY_M = 40.0
_BIAS_M = 0.03
_BUMPS = np.ascontiguousarray(np.stack([NOISE[9], NOISE[11], NOISE[14]], -1))


@dataclass(frozen=True)
class Drawing:
    """What a camera sees of the surfaces, before the backdrop.

    Attributes:
        color: (H, W, 3) float32, RGB times the covered part of a pixel.
        alpha: (H, W) float32, the covered part.
        owner: (H, W) int16, who is nearest at the center of a pixel: an instance, or -1.
    """

    color: np.ndarray
    alpha: np.ndarray
    owner: np.ndarray


@dataclass(frozen=True)
class Geometry:
    """The surfaces of a scene in one: vertices, normals, coords by vertex; owner and material by
    face."""

    vertices: np.ndarray
    normals: np.ndarray
    coords: np.ndarray
    faces: np.ndarray
    culled: np.ndarray
    owners: np.ndarray
    materials: np.ndarray


def merge(surfaces: list[Surface], owners: list[int]) -> Geometry:
    """Put surfaces together; `owners` says whose each of them is, -1 for things."""
    offsets = np.cumsum([0, *(len(s.vertices) for s in surfaces)])
    counts = [len(s.faces) for s in surfaces]
    return Geometry(
        np.concatenate([s.vertices for s in surfaces]),
        np.concatenate([s.normals for s in surfaces]),
        np.concatenate([s.coords for s in surfaces]),
        np.concatenate([s.faces + offset for s, offset in zip(surfaces, offsets)]),
        np.repeat([not s.two_sided for s in surfaces], counts),
        np.repeat(np.asarray(owners, np.int16), counts),
        np.repeat([s.material for s in surfaces], counts),
    )


@dataclass(frozen=True)
class ShadowMap:
    """Depth from the main light.

    Attributes:
        rotation: (3, 3), world to light.
        position: (3,) m, world.
        focal: px.
        inverse_depth: (SHADOW_SIDE, SHADOW_SIDE) float32, 1/m.
    """

    rotation: np.ndarray
    position: np.ndarray
    focal: float
    inverse_depth: np.ndarray


def shadow_map(geometry: Geometry, sun: np.ndarray, center: np.ndarray, reach: float) -> ShadowMap:
    """Look at a scene from its light.

    Args:
        geometry: in the world frame.
        sun: (3,), towards the light, world, unit.
        center: (3,) m, of what is looked at.
        reach: radius of what is looked at, m.
    """
    side = np.cross(sun, (0.0, 1.0, 0.0) if abs(sun[1]) < 0.99 else (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    rotation = np.stack([side, np.cross(side, -sun) * -1, -sun])
    rotation[1] = np.cross(rotation[2], rotation[0])
    position = center + _LAMP_AWAY_M * sun
    focal = SHADOW_SIDE / 2 * _LAMP_AWAY_M / reach
    local = np.einsum('ij,vj->vi', rotation, geometry.vertices - position)
    camera = np.array([focal, SHADOW_SIDE / 2, SHADOW_SIDE / 2])
    window = 0, 0, SHADOW_SIDE, SHADOW_SIDE
    every = np.zeros(len(geometry.faces), np.bool_)
    seen, _ = rasterize(local, geometry.faces, every, camera, window, 1, NEAR_M)
    return ShadowMap(rotation, position, focal, seen)


@kernel
def lit_share(
    x: float,
    y: float,
    z: float,
    rotation: np.ndarray,
    position: np.ndarray,
    focal: float,
    inverse_depth: np.ndarray,
    bias: float,
    spread: float,
) -> float:
    """Return the part of nine texels about a point, `spread` apart, that the light reaches."""
    px, py, pz = x - position[0], y - position[1], z - position[2]
    u = rotation[0, 0] * px + rotation[0, 1] * py + rotation[0, 2] * pz
    v = rotation[1, 0] * px + rotation[1, 1] * py + rotation[1, 2] * pz
    w = rotation[2, 0] * px + rotation[2, 1] * py + rotation[2, 2] * pz
    size, free = len(inverse_depth), 0
    for i in range(-1, 2):
        for j in range(-1, 2):
            column = int(np.floor(focal * u / w + size / 2 + 0.5 + i * spread))
            row = int(np.floor(focal * v / w + size / 2 + 0.5 + j * spread))
            if not (0 <= column < size and 0 <= row < size):
                free += 1
                continue
            near = inverse_depth[row, column]
            free += near <= 0.0 or 1.0 / near > w - bias
    return free / 9.0


@kernel
def _texel(texture: np.ndarray, mode: int, tile: float, c: np.ndarray, out: np.ndarray) -> tuple:
    """Fill `out` (3,) with the color at coords (4,); returns the texel (row, column)."""
    side = len(texture)
    if mode == 2:
        column = min(max(int(c[0] * side), 0), side - 1)
        row = min(max(int(c[1] * side), 0), side - 1)
    else:
        u, v = (np.arctan2(c[0], c[1]) * c[3], c[2]) if mode == 0 else (c[0], c[1])
        column, row = int(np.floor(u / tile * side)) % side, int(np.floor(-v / tile * side)) % side
    for i in range(3):
        out[i] = texture[row, column, i]
    return row, column


@kernel
def _shade(
    geometry: tuple,
    face_id: np.ndarray,
    camera: np.ndarray,
    samples: int,
    textures: np.ndarray,
    numbers: np.ndarray,
    light: tuple,
    shadow: tuple,
    bumps: np.ndarray,
) -> tuple:
    """Light all samples; returns color (H, W, 3) and coverage (H, W), float32.

    Args:
        geometry: vertices (V, 3) m, normals (V, 3), coords (V, 4), faces (F, 3), materials (F,);
            camera frame.
        face_id: (H S, W S).
        camera: f, c_x, c_y, px.
        samples: S.
        textures: (M, SIDE, SIDE, 3) float32.
        numbers: (M, 4), mode, tile (m), bump, gloss.
        light: `Lighting.packed()`; shadows are of its first directional light.
        shadow: rotation, position, focal, inverse depth, bias, spread; camera frame.
        bumps: (SIDE, SIDE, 3), by how much small folds turn normals.
    """
    vertices, normals, coords, faces, materials = geometry
    lights, hemisphere, _, _ = light
    height, width = face_id.shape[0] // samples, face_id.shape[1] // samples
    image, alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    rows, base = np.empty((3, 3)), np.empty(3)
    p, n, c = np.empty(3), np.empty(3), np.empty(4)
    share = 1.0 / (samples * samples)
    for k in range(height * samples):
        y = (-0.5 + (k + 0.5) / samples - camera[2]) / camera[0]
        for j in range(width * samples):
            face = face_id[k, j]
            if face < 0:
                continue
            x = (-0.5 + (j + 0.5) / samples - camera[1]) / camera[0]
            va, vb, vc = faces[face, 0], faces[face, 1], faces[face, 2]
            edge_rows(vertices, va, vb, vc, rows)
            w0 = rows[0, 0] * x + rows[0, 1] * y + rows[0, 2]
            w1 = rows[1, 0] * x + rows[1, 1] * y + rows[1, 2]
            w2 = rows[2, 0] * x + rows[2, 1] * y + rows[2, 2]
            scale = 1.0 / (w0 + w1 + w2)
            w0, w1, w2 = w0 * scale, w1 * scale, w2 * scale
            for i in range(3):
                p[i] = w0 * vertices[va, i] + w1 * vertices[vb, i] + w2 * vertices[vc, i]
                n[i] = w0 * normals[va, i] + w1 * normals[vb, i] + w2 * normals[vc, i]
            for i in range(4):
                c[i] = w0 * coords[va, i] + w1 * coords[vb, i] + w2 * coords[vc, i]
            m = materials[face]
            row, column = _texel(textures[m], int(numbers[m, 0]), numbers[m, 1], c, base)
            inside = n[0] * p[0] + n[1] * p[1] + n[2] * p[2] > 0.0
            sign = -1.0 if inside else 1.0
            for i in range(3):
                n[i] = sign * n[i] + numbers[m, 2] * bumps[row, column, i]
            length = max(np.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2), 1e-9)
            reach = np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2)
            up = (
                n[0] * hemisphere[0, 0] + n[1] * hemisphere[0, 1] + n[2] * hemisphere[0, 2]
            ) / length
            dim = 0.6 if inside else 1.0
            for i in range(3):
                ambient = (0.5 + 0.5 * up) * hemisphere[1, i] + (0.5 - 0.5 * up) * hemisphere[2, i]
                image[k // samples, j // samples, i] += share * dim * base[i] * ambient
            for l in range(len(lights)):
                cosine = (n[0] * lights[l, 0] + n[1] * lights[l, 1] + n[2] * lights[l, 2]) / length
                if cosine <= 0.0:
                    continue
                reached = lit_share(p[0], p[1], p[2], *shadow) if l == 0 else 1.0
                if reached == 0.0:
                    continue
                half = 0.0
                square = 0.0
                for i in range(3):
                    h = lights[l, i] - p[i] / reach
                    half += n[i] * h / length
                    square += h * h
                gloss = numbers[m, 3] * (max(half, 0.0) / max(np.sqrt(square), 1e-9)) ** 24
                for i in range(3):
                    value = dim * base[i] * cosine + gloss
                    image[k // samples, j // samples, i] += (
                        share * reached * lights[l, 3 + i] * value
                    )
            alpha[k // samples, j // samples] += share
    return image, alpha


def draw(
    geometry: Geometry,
    materials: list[Material],
    view: View,
    light: Lighting,
    shadow: ShadowMap,
    softness: float,
) -> Drawing:
    """Draw merged surfaces.

    Args:
        geometry: in the world frame.
        materials: what `geometry.materials` counts.
        view: the camera.
        light: in the camera frame; the first directional light casts the shadows.
        shadow: from that light.
        softness: distance of the texels of the shadow map that are averaged.
    """
    turned = np.ascontiguousarray(np.einsum('ij,vj->vi', view.rotation, geometry.normals))
    local = np.ascontiguousarray(view.to_camera(geometry.vertices))
    camera = np.array([view.focal_length, *view.principal_point])
    window = 0, 0, *view.size
    faces, culled = geometry.faces, geometry.culled
    _, face_id = rasterize(local, faces, culled, camera, window, SAMPLES, NEAR_M)
    numbers = np.array([[m.mode, m.tile_m, m.bump, m.gloss] for m in materials], np.float64)
    textures = np.stack([m.texture for m in materials])
    there = (
        np.einsum('ij,kj->ik', shadow.rotation, view.rotation),
        view.to_camera(shadow.position),
        shadow.focal,
        shadow.inverse_depth,
        _BIAS_M,
        softness,
    )
    shapes = local, turned, geometry.coords, faces, geometry.materials
    color, alpha = _shade(
        shapes, face_id, camera, SAMPLES, textures, numbers, light.packed(), there, _BUMPS
    )
    nearest = face_id[1::SAMPLES, 1::SAMPLES]
    owner = np.where(nearest >= 0, geometry.owners[nearest], np.int16(-1))
    return Drawing(color, alpha, owner)


assert _BUMPS.shape == (SIDE, SIDE, 3)
