"""Draw triangle meshes into images on the CPU: no OpenGL, no display, no global state.

Frame: camera coordinates, x right, y down, z forward, meters. An integer pixel coordinate is the
center of a pixel, as for OpenCV and for the RoI affines of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mroi_plugin.visualization.jit import kernel
from mroi_plugin.visualization.rasterizer import NEAR_M, rasterize
from mroi_plugin.visualization.shading import (
    Lighting,
    light_vertices,
    shade_samples,
    vertex_normals,
)


@dataclass(frozen=True)
class Mesh:
    """A colored triangle mesh in camera coordinates.

    Attributes:
        vertices: (V, 3), meters, x right, y down, z forward.
        faces: (F, 3) int, counter-clockwise seen from outside.
        colors: (3,) or (V, 3), RGB in 0..1.
        two_sided: draw the faces that are seen from behind too.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: Sequence[float] | np.ndarray = (0.75, 0.78, 0.85)
    two_sided: bool = False


@dataclass(frozen=True)
class RenderedImage:
    """Result of `render` for an image of H x W pixels.

    Attributes:
        color: (H, W, 3) uint8 RGB, drawn over the background.
        alpha: (H, W) float32, covered part of every pixel, 0..1.
        depth: (H, W) float32, meters along z; `inf` where nothing is seen.
        mesh_id: (H, W) int16, index of the nearest mesh; -1 where nothing is seen.
    """

    color: np.ndarray
    alpha: np.ndarray
    depth: np.ndarray
    mesh_id: np.ndarray

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool, pixels of which at least one half is covered."""
        return self.alpha >= 0.5


def render(
    meshes: Mesh | Sequence[Mesh],
    focal_length: float,
    principal_point: Sequence[float],
    image_size: tuple[int, int],
    *,
    background: np.ndarray | None = None,
    lighting: Lighting | None = None,
    supersample: int = 2,
) -> RenderedImage:
    """Draw meshes under a perspective camera: `x = f X / Z + c_x`, `y = f Y / Z + c_y`.

    Meshes may lie outside the image or behind the camera. Depth is the harmonic mean over the
    samples of a pixel that show the same mesh as its nearest sample: exact on a plane.

    Args:
        meshes: one mesh or several; nearer surfaces hide farther ones.
        focal_length: f, px.
        principal_point: (c_x, c_y), px, absolute.
        image_size: (W, H), px.
        background: (H, W, 3) uint8 RGB; black when absent. It is not modified.
        lighting: the light; a soft two-light studio when absent.
        supersample: samples per pixel and axis; 1 switches anti-aliasing off.

    Raises:
        ValueError: for arguments of a wrong shape or range.
    """
    meshes = [meshes] if isinstance(meshes, Mesh) else list(meshes)
    width, height = (int(side) for side in image_size)
    _check_view(focal_length, (width, height), background, supersample)
    vertices, faces, colors, owners, culled = _concatenate(meshes)
    camera = np.array([focal_length, *principal_point], np.float64)
    window = _window(vertices, camera, width, height)
    inverse_depth, face_id = rasterize(vertices, faces, culled, camera, window, supersample, NEAR_M)
    flipped = np.zeros(len(vertices), np.bool_)
    flipped[faces[~culled]] = True
    light = (lighting or Lighting()).packed()
    lit = light_vertices(vertices, vertex_normals(vertices, faces), colors, flipped, light)
    shaded = shade_samples(vertices, faces, lit, face_id, camera, window, supersample)
    alpha, depth, mesh_id = _reduce(inverse_depth, face_id, owners, supersample)
    return _paste(shaded, alpha, depth, mesh_id, window, (width, height), background)


def _check_view(
    focal_length: float,
    image_size: tuple[int, int],
    background: np.ndarray | None,
    supersample: int,
) -> None:
    """Raise ValueError for a view that cannot be drawn."""
    if not (np.isfinite(focal_length) and focal_length > 0):
        raise ValueError(f'focal_length must be a positive number of pixels, not {focal_length!r}')
    if min(image_size) < 1:
        raise ValueError(f'image_size must be (width, height) >= 1 px, not {image_size}')
    if supersample < 1:
        raise ValueError(f'supersample must be a whole number >= 1, not {supersample!r}')
    expected = (image_size[1], image_size[0], 3)
    if background is not None and (background.shape != expected or background.dtype != np.uint8):
        raise ValueError(
            f'background must be uint8 RGB of shape {expected} (image_size is (width, height)), '
            f'not {background.dtype} of shape {background.shape}'
        )


def _concatenate(meshes: list[Mesh]) -> tuple[np.ndarray, ...]:
    """Return vertices, faces, colors, the mesh of each face and its culling, of all meshes."""
    vertices, faces, colors, owners, culled = [], [], [], [], []
    offset = 0
    for index, mesh in enumerate(meshes):
        points = np.asarray(mesh.vertices, np.float64)
        triangles = np.asarray(mesh.faces, np.int64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f'mesh {index}: vertices must be (V, 3), not {points.shape}')
        if triangles.ndim != 2 or triangles.shape[1] != 3:
            raise ValueError(f'mesh {index}: faces must be (F, 3), not {triangles.shape}')
        if triangles.size and not 0 <= triangles.min() <= triangles.max() < len(points):
            raise ValueError(f'mesh {index}: faces must index its {len(points)} vertices')
        vertices.append(points)
        faces.append(triangles + offset)
        colors.append(np.broadcast_to(np.asarray(mesh.colors, np.float64), points.shape))
        owners.append(np.full(len(triangles), index, np.int16))
        culled.append(np.full(len(triangles), not mesh.two_sided))
        offset += len(points)
    if not meshes:
        empty = np.zeros((0, 3))
        return empty, empty.astype(np.int64), empty, np.zeros(0, np.int16), np.zeros(0, bool)
    parts = (vertices, faces, colors, owners, culled)
    return tuple(np.ascontiguousarray(np.concatenate(part)) for part in parts)


def _window(vertices: np.ndarray, camera: np.ndarray, width: int, height: int) -> tuple:
    """Return (x0, y0, w, h), px: the part of the image that the vertices can reach."""
    if not len(vertices):
        return 0, 0, 0, 0
    if not (vertices[:, 2] > NEAR_M).all():
        return 0, 0, width, height
    pixels = vertices[:, :2] / vertices[:, 2:] * camera[0] + camera[1:]
    low = np.clip(np.floor(pixels.min(0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(pixels.max(0)) + 1, low, (width, height)).astype(int)
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


@kernel
def _reduce(
    inverse_depth: np.ndarray, face_id: np.ndarray, owners: np.ndarray, samples: int
) -> tuple:
    """Merge the samples of every pixel into coverage, depth (m) and mesh index, each (h, w)."""
    height, width = face_id.shape[0] // samples, face_id.shape[1] // samples
    alpha = np.zeros((height, width), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    mesh_id = np.full((height, width), -1, np.int16)
    for y in range(height):
        for x in range(width):
            nearest, covered = np.float32(0.0), 0
            for k in range(y * samples, (y + 1) * samples):
                for j in range(x * samples, (x + 1) * samples):
                    covered += face_id[k, j] >= 0
                    if inverse_depth[k, j] > nearest:
                        nearest = inverse_depth[k, j]
                        mesh_id[y, x] = owners[face_id[k, j]]
            if not covered:
                continue
            total, count = 0.0, 0
            for k in range(y * samples, (y + 1) * samples):
                for j in range(x * samples, (x + 1) * samples):
                    if face_id[k, j] >= 0 and owners[face_id[k, j]] == mesh_id[y, x]:
                        total += inverse_depth[k, j]
                        count += 1
            alpha[y, x] = covered / (samples * samples)
            depth[y, x] = count / total
    return alpha, depth, mesh_id


@kernel
def _composite(color: np.ndarray, shaded: np.ndarray, alpha: np.ndarray) -> None:
    """Lay premultiplied RGB in 0..1 (h, w, 3) over `color` (h, w, 3) uint8, in place."""
    for y in range(alpha.shape[0]):
        for x in range(alpha.shape[1]):
            if alpha[y, x] == 0.0:
                continue
            for c in range(3):
                value = 255.0 * shaded[y, x, c] + (1.0 - alpha[y, x]) * color[y, x, c]
                color[y, x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))


def _paste(
    shaded: np.ndarray,
    alpha: np.ndarray,
    depth: np.ndarray,
    mesh_id: np.ndarray,
    window: tuple,
    image_size: tuple[int, int],
    background: np.ndarray | None,
) -> RenderedImage:
    """Place a drawn window in the full image, over the background."""
    x0, y0, w, h = window
    shape = (image_size[1], image_size[0])
    region = slice(y0, y0 + h), slice(x0, x0 + w)
    color = np.zeros((*shape, 3), np.uint8) if background is None else background.copy()
    _composite(color[region], shaded, alpha)
    full = [np.zeros(shape, np.float32), np.full(shape, np.inf, np.float32)]
    full.append(np.full(shape, -1, np.int16))
    for target, part in zip(full, (alpha, depth, mesh_id)):
        target[region] = part
    return RenderedImage(color, *full)
