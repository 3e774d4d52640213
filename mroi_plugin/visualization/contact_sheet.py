"""One row per person: the image, the prediction, the truth and the crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mroi_plugin.visualization.drawing import draw_joints, draw_rois, stack_rows
from mroi_plugin.visualization.overlay import (
    PREDICTED_COLOR,
    TRUE_COLOR,
    crop_strip,
    mesh_over_image,
    roi_crops,
    side_by_side,
    side_view,
)


@dataclass(frozen=True)
class InstancePanel:
    """Content of a row of the contact sheet: one person.

    Attributes:
        image: (H, W, 3) uint8 RGB, the augmented full image.
        faces: (F, 3).
        focal_length: px.
        principal_point: (2,) px.
        rois: (M, 3), centers relative to the principal point and sides, px.
        crop_size: (w, h) px.
        pred_vertices: (V, 3) m, camera axes, without translation; None leaves the prediction out.
        pred_camera: (3,) m, full camera of the prediction.
        true_vertices: (V, 3) m, as `pred_vertices`; None leaves the truth out.
        true_camera: (3,) m, translation of the true body.
        joints2d: (K, 2) or (K, 3) px, drawn on the image when given.
        title: caption of the image.
    """

    image: np.ndarray
    faces: np.ndarray
    focal_length: float
    principal_point: np.ndarray
    rois: np.ndarray
    crop_size: tuple[int, int]
    pred_vertices: np.ndarray | None = None
    pred_camera: np.ndarray | None = None
    true_vertices: np.ndarray | None = None
    true_camera: np.ndarray | None = None
    joints2d: np.ndarray | None = None
    title: str = 'image and RoIs'


def _views(
    panel: InstancePanel, name: str, vertices: np.ndarray, camera: np.ndarray, color: tuple
) -> dict[str, np.ndarray]:
    """Return the captioned views of one body: over the image and from the side."""
    if camera is None:
        raise ValueError(f'{name} vertices need a {name} camera (3,) in meters, found None')
    view = panel.focal_length, panel.principal_point, panel.faces
    return {
        f'{name} body': mesh_over_image(panel.image, vertices, camera, *view, color=color),
        f'{name}, from the right': side_view(vertices, panel.faces, (512, 512), color),
    }


def instance_row(panel: InstancePanel, height: int = 256) -> np.ndarray:
    """Draw the row of one person, (height + 22) px high.

    Image with RoIs | predicted body | from the right | true body | from the right | the M crops.

    Raises:
        ValueError: if vertices come without their camera.
    """
    image = draw_rois(panel.image, panel.rois, panel.principal_point, panel.crop_size)
    if panel.joints2d is not None:
        image = draw_joints(image, panel.joints2d)
    pictures = {panel.title: image}
    if panel.pred_vertices is not None:
        body = panel.pred_vertices, panel.pred_camera, PREDICTED_COLOR
        pictures.update(_views(panel, 'predicted', *body))
    if panel.true_vertices is not None:
        body = panel.true_vertices, panel.true_camera, TRUE_COLOR
        pictures.update(_views(panel, 'true', *body))
    crops = roi_crops(panel.image, panel.rois, panel.principal_point, panel.crop_size)
    pictures[f'what the network sees: {len(crops)} RoIs'] = crop_strip(crops, height)
    return side_by_side(pictures, height)


def contact_sheet(panels: Sequence[InstancePanel], height: int = 256) -> np.ndarray:
    """Stack the rows of several persons into one picture, RGB uint8.

    Args:
        panels: at least one person.
        height: height of the pictures in a row, px.

    Raises:
        ValueError: if there are no panels.
    """
    if not panels:
        raise ValueError('contact_sheet needs at least one InstancePanel, found none')
    return stack_rows([instance_row(panel, height) for panel in panels])
