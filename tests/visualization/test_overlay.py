"""Overlays line up with the projection, and contact sheets hold what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from mroi_plugin.visualization.contact_sheet import InstancePanel, contact_sheet, instance_row
from mroi_plugin.visualization.drawing import draw_joints, draw_label, draw_rois, write_image
from mroi_plugin.visualization.overlay import (
    crop_strip,
    mesh_over_image,
    roi_crops,
    side_by_side,
    side_view,
)

FOCAL, CENTER = 420.0, np.array([150.0, 118.0])
ROIS = np.array(
    [[-20, 10, 120], [-8, 10, 180], [-32, 10, 150], [-20, 22, 96], [-20, -2, 78]], float
)


@pytest.fixture
def image() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 120, (24, 32, 3), np.uint8)
    return cv2.resize(noise, (320, 240))


@pytest.fixture
def ball() -> trimesh.Trimesh:
    return trimesh.creation.icosphere(3, 0.3)


def _panel(image: np.ndarray, ball: trimesh.Trimesh, **options) -> InstancePanel:
    body = ball.vertices
    return InstancePanel(image, ball.faces, FOCAL, CENTER, ROIS, (48, 64), **{
        'pred_vertices': body, 'pred_camera': np.array([0.1, 0, 3]),
        'true_vertices': body, 'true_camera': np.array([0, 0, 3]), **options,
    })  # fmt: skip


def test_mesh_lies_where_the_camera_projects_it(image, ball) -> None:
    camera = np.array([-0.2, 0.1, 3.0])
    out = mesh_over_image(image, ball.vertices, camera, FOCAL, CENTER, ball.faces, opacity=1)
    rows, columns = np.nonzero((out != image).any(2))
    expected = FOCAL * camera[:2] / camera[2] + CENTER
    np.testing.assert_allclose((columns.mean(), rows.mean()), expected, atol=0.6)
    assert out.shape == image.shape and out.dtype == np.uint8


def test_side_view_shows_depth_to_the_right_and_keeps_height(ball) -> None:
    vertices = ball.vertices * (0.1, 1, 0.1)
    marker = ball.vertices * 0.2 + (0, 0, 0.8)
    both = np.concatenate([vertices, marker])
    faces = np.concatenate([ball.faces, ball.faces + len(vertices)])
    drawn = (side_view(both, faces, (100, 100)) != 250).any(2)[:85]  # above the scale
    columns = np.nonzero(drawn.any(0))[0]
    tall = drawn.sum(0).argmax()
    assert tall < columns.mean()
    assert abs(drawn[:, tall].sum() - 0.6 / 2.2 * 100) < 3


def test_crops_follow_the_affine_of_the_pipeline(image) -> None:
    crops = roi_crops(image, ROIS, CENTER, (48, 64))
    assert crops.shape == (5, 64, 48, 3)
    roi = ROIS[0]
    gain = 64 / roi[2]
    shift = np.array([24, 32]) - gain * (CENTER + roi[:2])
    affine = np.concatenate([gain * np.eye(2), shift[:, None]], axis=1)
    expected = cv2.warpAffine(image, affine, (48, 64))
    assert np.abs(crops[0].astype(int) - expected).max() <= 1


def test_rois_and_joints_are_drawn_on_a_copy(image) -> None:
    before = image.copy()
    rois = draw_rois(image, ROIS, CENTER, (48, 64))
    left = round(CENTER[0] + ROIS[0, 0] - 0.75 * ROIS[0, 2] / 2)
    assert (rois[128, left] == (230, 57, 70)).all()
    joints = np.array([[50.0, 60, 1], [100, 80, 0], [np.nan, 1, 1], [1e9, 1e9, 1]])
    marked = draw_joints(image, joints, limbs=[(0, 3), (0, 1), (5, 6)])
    assert (marked[60, 50] == (255, 210, 40)).all()
    assert (marked[80, 98:103] == image[80, 98:103]).all()
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    'text', ['short', 'a caption that is much too long for so narrow a picture']
)
@pytest.mark.parametrize('width', [60, 300])
def test_labels_are_never_cut(text: str, width: int) -> None:
    out = draw_label(np.zeros((10, width, 3), np.uint8), text)
    strip = out[:-10]
    written = (strip != 28).any(2)
    assert written.any()
    assert not written[:, [0, 1, -2, -1]].any() and not written[[0, -1]].any()


def test_row_and_sheet(image, ball, tmp_path: Path) -> None:
    row = instance_row(_panel(image, ball, joints2d=np.array([[50.0, 60]])), height=96)
    assert row.shape[0] == 96 + 22
    without = instance_row(_panel(image, ball, true_vertices=None), height=96)
    assert without.shape[1] < row.shape[1]
    sheet = contact_sheet([_panel(image, ball), _panel(image, ball, true_vertices=None)], height=96)
    assert sheet.shape == (2 * 118 + 4, row.shape[1], 3)
    path = write_image(tmp_path / 'new' / 'sheet.png', sheet)
    np.testing.assert_array_equal(cv2.imread(str(path))[..., ::-1], sheet)
    assert [p.name for p in path.parent.iterdir()] == ['sheet.png']


def test_truth_beside_prediction(image) -> None:
    pair = side_by_side({'truth': image, 'prediction': image[:120]}, height=120)
    assert pair.shape == (142, 160 + 320 + 4, 3)
    assert crop_strip([image, image], height=60).shape == (60, 164, 3)


def test_errors(image, ball) -> None:
    with pytest.raises(ValueError, match='at least one'):
        contact_sheet([])
    with pytest.raises(ValueError, match='true camera'):
        instance_row(_panel(image, ball, true_camera=None))
    with pytest.raises(AttributeError, match='no attribute'):
        import mroi_plugin.visualization as package

        package.nothing  # noqa: B018


def test_import_is_cheap() -> None:
    code = 'import sys, mroi_plugin.visualization; sys.exit("numba" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
