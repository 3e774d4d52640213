"""How much of a person an image shows, and their box."""

from __future__ import annotations

import numpy as np

from synthetic_humans.people import Person
from synthetic_humans.views import View

MIN_VISIBLE = 0.2
"""Least visible share of an annotated person."""
MIN_BOX_PX = 40.0
MIN_TALL_PX = 70.0
"""Least shorter and longer side of their box."""

_CORE = (0, 9, 12, 15, 16, 17)
_MIN_CORE = 2


def visible_share(person: Person, view: View, seen: np.ndarray, faces: np.ndarray) -> float:
    """Return the visible part of the surface of a person that faces the camera, 0..1.

    Faces of the body that face the camera count by their projected area; one is visible if its
    center lies in the image, at a pixel that shows this person (body, clothes or hair).

    Args:
        person: who.
        view: the camera.
        seen: (H, W) bool, pixels where this person is the nearest surface.
        faces: (F, 3), of the body.
    """
    local = view.to_camera(person.vertices)
    pixels = view.focal_length * local[:, :2] / local[:, 2:] + view.principal_point
    a, b, c = (pixels[faces[:, i]] for i in range(3))
    area = (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) - (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1])
    area = np.clip(area, 0, None)
    center = np.rint((a + b + c) / 3).astype(int)
    inside = (center >= 0).all(1) & (center < view.size).all(1)
    shown = np.zeros(len(faces), bool)
    shown[inside] = seen[center[inside, 1], center[inside, 0]]
    return float(area[shown].sum() / area.sum())


def box_inside(pixels: np.ndarray, faces: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the tight box (x, y, w, h), px, of the part of a body that lies in the image.

    Args:
        pixels: (V, 2), projected vertices.
        faces: (F, 3).
        size: (W, H), px.
    """
    limit = np.asarray(size, np.float64) - 1
    inside = ((pixels >= 0) & (pixels <= limit)).all(1)
    if inside.all():
        return np.concatenate([pixels.min(0), np.ptp(pixels, axis=0)])
    if not inside.any():
        return np.zeros(4)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = edges[inside[edges[:, 0]] & ~inside[edges[:, 1]]]
    start, end = pixels[edges[:, 0]], pixels[edges[:, 1]]
    step = end - start
    with np.errstate(divide='ignore', invalid='ignore'):
        share = np.where(step > 0, (limit - start) / step, np.where(step < 0, -start / step, 1.0))
    crossing = start + step * np.clip(share.min(1, keepdims=True), 0, 1)
    points = np.clip(np.concatenate([pixels[inside], crossing]), 0, limit)
    return np.concatenate([points.min(0), np.ptp(points, axis=0)])


def is_annotated(row: dict[str, np.ndarray]) -> bool:
    """Tell whether an annotation is of somebody whom a detector would find."""
    sides = row['bbox'][2:4]
    core = row['keypoints2d'][list(_CORE), 2].sum()
    large = sides.min() >= MIN_BOX_PX and sides.max() >= MIN_TALL_PX
    return bool(large and core >= _MIN_CORE and row['visible'] >= MIN_VISIBLE)
