"""Bodies over images and beside them, and the crops that a network saw.

Frame: vertices are those of the body model, in camera axes (x right, y down, z forward) and meters
but without translation; the full camera `(t_x, t_y, t_z)` moves them in front of the camera.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mroi_plugin.visualization.drawing import (
    ROI_COLORS,
    draw_label,
    draw_scale,
    fit_height,
    roi_corners,
    stack_row,
)
from mroi_plugin.visualization.renderer import Mesh, render

PREDICTED_COLOR = (0.55, 0.75, 0.95)
TRUE_COLOR = (0.96, 0.80, 0.56)

_SIDE_DISTANCE_M = 12.0
_SIDE_EXTENT_M = 2.2


def mesh_over_image(
    image: np.ndarray,
    vertices: np.ndarray,
    full_camera: np.ndarray,
    focal_length: float,
    principal_point: np.ndarray,
    faces: np.ndarray,
    color: Sequence[float] = PREDICTED_COLOR,
    opacity: float = 0.9,
) -> np.ndarray:
    """Return an image (H, W, 3) with a body drawn under the true perspective camera.

    Args:
        image: (H, W, 3) uint8 RGB.
        vertices: (V, 3) m, without translation.
        full_camera: (3,) m.
        focal_length: px.
        principal_point: (2,) px.
        faces: (F, 3).
        color: RGB in 0..1.
        opacity: 1 hides the image behind the body.
    """
    mesh = Mesh(np.asarray(vertices) + np.asarray(full_camera), faces, color)
    size = image.shape[1], image.shape[0]
    drawn = render(mesh, float(focal_length), principal_point, size, background=image).color
    return cv2.addWeighted(drawn, opacity, image, 1.0 - opacity, 0.0)


def side_view(
    vertices: np.ndarray,
    faces: np.ndarray,
    size: tuple[int, int] = (256, 256),
    color: Sequence[float] = PREDICTED_COLOR,
) -> np.ndarray:
    """Return a picture (h, w, 3) of a body seen from the right of the image.

    What is farther from the camera lies further right. The picture spans 2.2 m, more for bodies
    that need it, so that two bodies are shown at one scale, which a bar tells.

    Args:
        vertices: (V, 3) m, camera axes.
        faces: (F, 3).
        size: (w, h), px.
        color: RGB in 0..1.
    """
    points = np.asarray(vertices, np.float64)
    turned = np.stack([points[:, 2], points[:, 1], -points[:, 0]], axis=1)
    low, high = turned.min(0), turned.max(0)
    extent = max(_SIDE_EXTENT_M, 1.1 * (high - low)[:2].max())
    turned += (0, 0, _SIDE_DISTANCE_M + extent) - (low + high) / 2
    focal = min(size) / extent * (_SIDE_DISTANCE_M + extent)
    paper = np.full((size[1], size[0], 3), 250, np.uint8)
    center = (size[0] - 1) / 2, (size[1] - 1) / 2
    drawn = render(Mesh(turned, faces, color), focal, center, size, background=paper).color
    return draw_scale(drawn, extent / min(size))


def roi_crops(
    image: np.ndarray, rois: np.ndarray, principal_point: np.ndarray, crop_size: tuple[int, int]
) -> np.ndarray:
    """Cut the M crops (M, h, w, 3) that a network sees from an image (H, W, 3).

    Args:
        rois: (M, 3), centers relative to the principal point and sides, px.
        principal_point: (2,) px.
        crop_size: (w, h) px.
    """
    crops = []
    for roi in np.asarray(rois, np.float64):
        gain = max(crop_size) / roi[2]
        left, top = roi_corners(roi, principal_point, crop_size)[0]
        affine = np.array([[gain, 0, -gain * left], [0, gain, -gain * top]])
        crops.append(cv2.warpAffine(image, affine, tuple(crop_size), flags=cv2.INTER_AREA))
    return np.stack(crops)


def crop_strip(crops: Sequence[np.ndarray], height: int | None = None) -> np.ndarray:
    """Put M crops (h, w, 3) side by side, framed in the colors of their RoIs.

    Args:
        crops: M pictures (h, w, 3) of one height.
        height: scale the crops to this height, px; their own when absent.
    """
    framed = []
    for index, crop in enumerate(crops):
        crop = crop.copy() if height is None else fit_height(crop, height)
        corner = crop.shape[1] - 1, crop.shape[0] - 1
        color = ROI_COLORS[index % len(ROI_COLORS)]
        framed.append(cv2.rectangle(crop, (0, 0), corner, color, 3))
    return stack_row(framed)


def side_by_side(pictures: dict[str, np.ndarray], height: int = 256) -> np.ndarray:
    """Put captioned pictures, say the truth and a prediction, into one row.

    Args:
        pictures: caption -> (H, W, 3); scaled to one height.
        height: px, without the caption.
    """
    return stack_row([draw_label(fit_height(p, height), text) for text, p in pictures.items()])
