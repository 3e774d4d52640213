"""A sheet of synthetic images: as they are, with boxes and 2D joints, with the bodies beneath."""

from __future__ import annotations

import cv2
import numpy as np

from mroi_plugin.visualization.drawing import draw_joints
from mroi_plugin.visualization.renderer import Mesh, render
from mroi_plugin.visualization.shading import Lighting
from synthetic_humans.samples import Studio

WIDTH_PX = 1640
ROW_PX = 230

_BODY_COLORS = (
    *((0.45, 0.68, 0.98), (0.55, 0.85, 0.6), (0.8, 0.6, 0.95), (0.45, 0.85, 0.85)),
    *((0.95, 0.85, 0.45), (0.75, 0.78, 0.85)),
)


def _with_joints(image: np.ndarray, rows: dict[str, np.ndarray]) -> np.ndarray:
    """Draw the boxes and the 24 SMPL joints of everybody annotated."""
    for box, points in zip(rows['bbox'], rows['keypoints2d']):
        x, y, w, h = (int(round(float(v))) for v in box[:4])
        image = draw_joints(image, points[:24])
        cv2.rectangle(image, (x, y), (x + w, y + h), (90, 230, 90), 1)
    return image


def _with_bodies(image: np.ndarray, rows: dict[str, np.ndarray], studio: Studio) -> np.ndarray:
    """Draw the annotated bodies, from their SMPL parameters and cameras alone."""
    meshes = []
    for i in range(len(rows['visible'])):
        names = ('global_orient', 'body_pose', 'betas')
        posed = studio.body.pose(*(rows[name][i].astype(np.float64) for name in names))
        color = _BODY_COLORS[i % len(_BODY_COLORS)]
        meshes.append(Mesh(posed.vertices + rows['transl'][i], studio.body.faces, color))
    if not meshes:
        return image
    camera = float(rows['focal_length'][0, 0]), rows['principal_point'][0]
    size = image.shape[1::-1]
    drawn = render(meshes, *camera, size, background=image, lighting=Lighting()).color
    return cv2.addWeighted(image, 0.25, drawn, 0.75, 0)


def _justified(images: list[np.ndarray]) -> np.ndarray:
    """Set images side by side in rows of one width."""
    rows, row, width = [], [], 0.0
    for image in images:
        row.append(image)
        width += ROW_PX * image.shape[1] / image.shape[0]
        if width < WIDTH_PX:
            continue
        height = round(ROW_PX * WIDTH_PX / width)
        shares = np.cumsum([0, *(image.shape[1] / image.shape[0] for image in row)])
        edges = np.rint(shares / shares[-1] * WIDTH_PX).astype(int)
        sizes = [(int(b - a), height) for a, b in zip(edges, edges[1:])]
        rows.append(np.hstack([cv2.resize(i, s, interpolation=3) for i, s in zip(row, sizes)]))
        row, width = [], 0.0
    return np.vstack(rows)


def data_sheet(studio: Studio, seed: int, split: str, count: int) -> np.ndarray:
    """Draw the first images of a split (H, W, 3) uint8 RGB; whole rows alone.

    Of every four images two are as they are, one has boxes and joints, one the annotated bodies.

    Args:
        studio: draws the images.
        seed: of the data set.
        split: 'train' or 'test'.
        count: number of images.
    """
    images = []
    for index in range(count):
        data, rows = studio.shot(seed, split, index)
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        image = np.ascontiguousarray(image)
        if index % 4 == 1:
            image = _with_joints(image, rows)
        elif index % 4 == 3:
            image = _with_bodies(image, rows, studio)
        images.append(image)
    return _justified(images)
