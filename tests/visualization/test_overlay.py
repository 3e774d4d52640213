"""Overlays line up with the projection, and contact sheets hold what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from mroi_plugin.visualization import (
    PersonPanel,
    contact_sheet,
    crop_strip,
    draw_joints,
    draw_label,
    draw_rois,
    mesh_over_photo,
    person_row,
    roi_crops,
    side_by_side,
    side_view,
    write_image,
)

FOCAL, CENTER = 420.0, np.array([150.0, 118.0])
ROIS = np.array(
    [[-20, 10, 120], [-8, 10, 180], [-32, 10, 150], [-20, 22, 96], [-20, -2, 78]], float
)


@pytest.fixture
def photo() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 120, (24, 32, 3), np.uint8)
    return cv2.resize(noise, (320, 240))


@pytest.fixture
def ball() -> trimesh.Trimesh:
    return trimesh.creation.icosphere(3, 0.3)


def _panel(photo: np.ndarray, ball: trimesh.Trimesh, **options) -> PersonPanel:
    body = ball.vertices
    return PersonPanel(photo, ball.faces, FOCAL, CENTER, ROIS, (48, 64), **{
        'pred_vertices': body, 'pred_camera': np.array([0.1, 0, 3]),
        'true_vertices': body, 'true_camera': np.array([0, 0, 3]), **options,
    })  # fmt: skip


def test_mesh_lies_where_the_camera_projects_it(photo, ball) -> None:
    camera = np.array([-0.2, 0.1, 3.0])
    out = mesh_over_photo(photo, ball.vertices, camera, FOCAL, CENTER, ball.faces, opacity=1)
    rows, columns = np.nonzero((out != photo).any(2))
    expected = FOCAL * camera[:2] / camera[2] + CENTER
    np.testing.assert_allclose((columns.mean(), rows.mean()), expected, atol=0.6)
    assert out.shape == photo.shape and out.dtype == np.uint8


def test_side_view_shows_depth_to_the_right_and_keeps_height(ball) -> None:
    vertices = ball.vertices * (0.1, 1, 0.1)
    marker = ball.vertices * 0.2 + (0, 0, 0.8)
    both = np.concatenate([vertices, marker])
    faces = np.concatenate([ball.faces, ball.faces + len(vertices)])
    drawn = (side_view(both, faces, (100, 100)) != 250).any(2)
    columns = np.nonzero(drawn.any(0))[0]
    tall = drawn.sum(0).argmax()
    assert tall < columns.mean()
    assert abs(drawn[:, tall].sum() - 0.6 / 2.2 * 100) < 3


def test_crops_follow_the_affine_of_the_pipeline(photo) -> None:
    crops = roi_crops(photo, ROIS, CENTER, (48, 64))
    assert crops.shape == (5, 64, 48, 3)
    roi = ROIS[0]
    gain = 64 / roi[2]
    shift = np.array([24, 32]) - gain * (CENTER + roi[:2])
    affine = np.concatenate([gain * np.eye(2), shift[:, None]], axis=1)
    expected = cv2.warpAffine(photo, affine, (48, 64))
    assert np.abs(crops[0].astype(int) - expected).max() <= 1


def test_rois_and_joints_are_drawn_on_a_copy(photo) -> None:
    before = photo.copy()
    rois = draw_rois(photo, ROIS, CENTER, (48, 64))
    left = round(CENTER[0] + ROIS[0, 0] - 0.75 * ROIS[0, 2] / 2)
    assert (rois[128, left] == (230, 57, 70)).all()
    joints = np.array([[50.0, 60, 1], [100, 80, 0], [np.nan, 1, 1], [1e9, 1e9, 1]])
    marked = draw_joints(photo, joints, limbs=[(0, 3), (0, 1), (5, 6)])
    assert (marked[60, 50] == (255, 210, 40)).all()
    assert (marked[80, 98:103] == photo[80, 98:103]).all()
    np.testing.assert_array_equal(photo, before)


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


def test_row_and_sheet(photo, ball, tmp_path: Path) -> None:
    row = person_row(_panel(photo, ball, joints2d=np.array([[50.0, 60]])), height=96)
    assert row.shape[0] == 96 + 22
    without = person_row(_panel(photo, ball, true_vertices=None), height=96)
    assert without.shape[1] < row.shape[1]
    sheet = contact_sheet([_panel(photo, ball), _panel(photo, ball, true_vertices=None)], height=96)
    assert sheet.shape == (2 * 118 + 4, row.shape[1], 3)
    path = write_image(tmp_path / 'new' / 'sheet.png', sheet)
    np.testing.assert_array_equal(cv2.imread(str(path))[..., ::-1], sheet)
    assert [p.name for p in path.parent.iterdir()] == ['sheet.png']


def test_truth_beside_prediction(photo) -> None:
    pair = side_by_side({'truth': photo, 'prediction': photo[:120]}, height=120)
    assert pair.shape == (142, 160 + 320 + 4, 3)
    assert crop_strip([photo, photo], height=60).shape == (60, 164, 3)


def test_errors(photo, ball) -> None:
    with pytest.raises(ValueError, match='at least one'):
        contact_sheet([])
    with pytest.raises(ValueError, match='true camera'):
        person_row(_panel(photo, ball, true_camera=None))
    with pytest.raises(AttributeError, match='no attribute'):
        import mroi_plugin.visualization as package

        package.nothing  # noqa: B018


def test_import_is_cheap() -> None:
    code = 'import sys, mroi_plugin.visualization; sys.exit("numba" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
