"""All persons of an image at once: over the image, from the side and from above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from mroi_plugin.structures.results import InstanceResult, require_meshes
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.visualization.drawing import (
    ROI_COLORS,
    draw_joints,
    draw_label,
    draw_scale,
    fit_height,
    roi_corners,
    stack_row,
)
from mroi_plugin.visualization.renderer import Mesh, render

NUM_SMPL_JOINTS = 24
PAPER = 250
MARGIN = 1.15
"""Extent of a view, in extents of what it shows."""
MAX_DRAWN = 4096
"""Longer side of what bodies are drawn in, px; for larger images they are enlarged."""
STRIP = 256
"""Rows of a larger image that are blended at once."""
DISTANCE = 8.0
"""Of the camera of the views, in extents of what they show: nearly parallel rays."""


def scene_meshes(
    instances: Sequence[InstanceResult], faces: np.ndarray, colors: Sequence[Sequence[float]]
) -> list[Mesh]:
    """Bodies where their full cameras put them, camera axes, meters.

    Raises:
        ValueError: if the persons have no meshes.
    """
    require_meshes('the picture', instances, faces)
    return [
        Mesh(instance.vertices + instance.trans, faces, color)
        for instance, color in zip(instances, colors)
    ]


def meshes_over_image(
    image: np.ndarray,
    instances: Sequence[InstanceResult],
    faces: np.ndarray,
    colors: Sequence[Sequence[float]] | None = None,
    opacity: float = 0.9,
) -> np.ndarray:
    """Return an image (H, W, 3) uint8 with all bodies under its camera, nearer ones in front, with
    smooth edges.

    Args:
        image: (H, W, 3) uint8 RGB.
        instances: of the image; they share its camera.
        faces: (F, 3).
        colors: RGB in 0..1 of each person.
        opacity: 1 hides the image behind the bodies.
    """
    if not instances:
        return image.copy()
    colors = [instance_color(i) for i in range(len(instances))] if colors is None else colors
    gain = min(1.0, MAX_DRAWN / max(image.shape[:2]))
    size = max(1, round(image.shape[1] * gain)), max(1, round(image.shape[0] * gain))
    focal, center = instances[0].focal_length * gain, instances[0].principal_point
    center = (np.asarray(center) + 0.5) * gain - 0.5
    meshes = scene_meshes(instances, faces, colors)
    if gain == 1:
        drawn = render(meshes, focal, center, size, background=image).color
        return cv2.addWeighted(drawn, opacity, image, 1 - opacity, 0)
    drawn = render(meshes, focal, center, size)
    return _enlarged_over(image, drawn.color, drawn.alpha, opacity)


def _enlarged_over(
    image: np.ndarray, color: np.ndarray, alpha: np.ndarray, opacity: float
) -> np.ndarray:
    """A smaller picture over an image, strip by strip: whole float images would not fit memory.

    Args:
        image: (H, W, 3) uint8.
        color: (h, w, 3) uint8, over black.
        alpha: (h, w), covered part of every pixel.
        opacity: of what is covered.
    """
    size = image.shape[1::-1]
    color = cv2.resize(color, size, interpolation=cv2.INTER_LINEAR)
    cover = cv2.resize((255 * alpha).astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    out = image.copy()
    for top in range(0, len(image), STRIP):
        rows = slice(top, top + STRIP)
        kept = 1 - cover[rows, :, None].astype(np.float32) * (opacity / 255)
        out[rows] = np.clip(image[rows] * kept + color[rows] * opacity + 0.5, 0, 255)
    return out


def turned_view(
    instances: Sequence[InstanceResult],
    faces: np.ndarray,
    colors: Sequence[Sequence[float]],
    axes: Sequence[Sequence[float]],
    size: tuple[int, int],
) -> np.ndarray:
    """Return a picture (h, w, 3) uint8 of all bodies from another side, fitted to it, with a bar
    that tells the scale.

    Args:
        instances: of one image.
        faces: (F, 3).
        colors: RGB in 0..1 of each person.
        axes: (3, 3) rows: what is right, down and away in the picture, in axes of the camera.
        size: (w, h) px.
    """
    paper = np.full((size[1], size[0], 3), PAPER, np.uint8)
    if not instances:
        return paper
    turn = np.asarray(axes, np.float64)
    placed = [(instance.vertices + instance.trans) @ turn.T for instance in instances]
    everything = np.concatenate(placed)
    low, high = everything.min(0), everything.max(0)
    extent = max(((high - low)[:2] / size).max() * MARGIN, 1e-3)  # meters per px
    distance = DISTANCE * extent * max(size) + (high - low)[2]
    shift = np.array([0, 0, distance]) - (low + high) / 2
    meshes = [Mesh(points + shift, faces, color) for points, color in zip(placed, colors)]
    center = (size[0] - 1) / 2, (size[1] - 1) / 2
    drawn = render(meshes, distance / extent, center, size, background=paper).color
    return draw_scale(drawn, extent)


SIDE = ((0, 0, 1), (0, 1, 0), (-1, 0, 0))
"""Seen from the right of the image: what is farther away lies further right."""
TOP = ((1, 0, 0), (0, 0, -1), (0, 1, 0))
"""Seen from above: what is farther away lies higher."""


def weighted_rois(
    image: np.ndarray, instance: InstanceResult, crop_size: tuple[int, int]
) -> np.ndarray:
    """Return an image with a person's M RoIs; thicker ones count more in its fused feature.

    The weight of a RoI is its share in the fusion, averaged over the RoIs that are fused into.

    Args:
        image: (H, W, 3) uint8 RGB.
        instance: with ``fusion_weights`` (M, M) or without.
        crop_size: (w, h) of the crops, px.
    """
    out, count = image.copy(), len(instance.rois)
    given = instance.fusion_weights
    shares = np.full(count, 1 / count) if given is None else np.abs(given).mean(0)
    shares = shares / max(shares.sum(), 1e-9)
    unit = max(image.shape[:2]) / 200
    for m in reversed(range(count)):
        corners = roi_corners(instance.rois[m], instance.principal_point, crop_size)
        points = np.rint(np.clip(corners, -1e5, 1e5)).astype(np.int32)
        color, pen = ROI_COLORS[m % len(ROI_COLORS)], max(1, round(unit * count * shares[m]))
        cv2.polylines(out, [points], True, color, pen, cv2.LINE_AA)
    for m, share in enumerate(shares):  # after all lines, one below the other
        _outlined(
            out, f'RoI {m}: {share:.0%}', (round(2 * unit), round(7 * unit * (m + 1))), unit, m
        )
    return out


def _outlined(image: np.ndarray, text: str, at: tuple[int, int], unit: float, roi: int) -> None:
    """Write a text in the color of a RoI that reads on any image."""
    scale, pen = 0.18 * unit, max(1, round(unit / 2))
    for color, width in (((0, 0, 0), 3 * pen), (ROI_COLORS[roi % len(ROI_COLORS)], pen)):
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, color, width, cv2.LINE_AA)


def result_row(
    image: np.ndarray,
    instances: Sequence[InstanceResult],
    faces: np.ndarray,
    crop_size: tuple[int, int],
    colors: Sequence[Sequence[float]] | None = None,
    height: int = 480,
) -> np.ndarray:
    """Draw what was found in an image, from all sides: joints of all and RoIs of the first person |
    bodies | from the right | from above.

    Args:
        image: (H, W, 3) uint8 RGB.
        instances: of the image.
        faces: (F, 3).
        crop_size: (w, h) of the crops, px.
        colors: RGB in 0..1 of each person.
        height: of the pictures, px.
    """
    colors = [instance_color(i) for i in range(len(instances))] if colors is None else colors
    image, instances = _reduced(image, instances)
    joints = image
    for instance in instances:
        joints = draw_joints(joints, instance.joints2d[:NUM_SMPL_JOINTS])
    rois = weighted_rois(joints, instances[0], crop_size) if instances else image
    square = (height, height)
    pictures = {
        _found(instances): rois,
        'bodies over the image': meshes_over_image(image, instances, faces, colors),
        f'from the right{_distances(instances)}': turned_view(
            instances, faces, colors, SIDE, square
        ),
        'from above': turned_view(instances, faces, colors, TOP, square),
    }
    return stack_row([draw_label(fit_height(p, height), text) for text, p in pictures.items()])


def _found(instances: Sequence[InstanceResult]) -> str:
    if not instances:
        return 'no person found'
    count = '1 person' if len(instances) == 1 else f'{len(instances)} people'
    if len(instances[0].rois) == 1:
        return f'{count}: joints, and the region of the image that the network saw of the first'
    return f'{count}: joints; regions (RoIs) of the first and how much each counts'


def _distances(instances: Sequence[InstanceResult]) -> str:
    depths = [float(instance.trans[2]) for instance in instances]
    if not depths:
        return ''
    near, far = (f'{depth:.1f}' for depth in (min(depths), max(depths)))
    return f': {near if near == far else f"{near} to {far}"} m from the camera'


def _reduced(
    image: np.ndarray, instances: Sequence[InstanceResult]
) -> tuple[np.ndarray, Sequence[InstanceResult]]:
    """An image of at most `MAX_DRAWN` px, and its persons as its camera sees them."""
    gain = MAX_DRAWN / max(image.shape[:2])
    if gain >= 1:
        return image, instances
    size = [max(1, round(side * gain)) for side in image.shape[1::-1]]
    seen = [
        replace(
            instance,
            focal_length=instance.focal_length * gain,
            principal_point=(instance.principal_point + 0.5) * gain - 0.5,
            rois=instance.rois * gain,
        )
        for instance in instances
    ]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), seen
