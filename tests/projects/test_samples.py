"""Annotations of the synthetic images: exact under the camera, and true of what is seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from synthetic_humans.body import SyntheticBody
from synthetic_humans.image import render_scene
from synthetic_humans.samples import Studio, annotate
from synthetic_humans.scenes import Scene
from synthetic_humans.visibility import MIN_VISIBLE, box_inside, visible_share

from mroi_plugin.models.body_models.free_body import load_free_body
from mroi_plugin.models.body_models.smpl import SMPLBody
from mroi_plugin.visualization.renderer import Mesh, render

COUNT = 40


@pytest.fixture(scope='module')
def studio():
    return Studio(SyntheticBody(load_free_body()))


@pytest.fixture(scope='module')
def shots(studio):
    """(JPEG bytes, annotations) of images of the training split."""
    return [studio.shot(1, 'train', index) for index in range(COUNT)]


@pytest.fixture(scope='module')
def rows(shots):
    """Columns of the annotations of all images."""
    names = shots[0][1]
    return {name: np.concatenate([columns[name] for _, columns in shots]) for name in names}


def test_numpy_body_is_smplxs(studio):
    rng = np.random.default_rng(0)
    pose, betas = rng.standard_normal((24, 3)) * 0.4, rng.standard_normal(10)
    ours = studio.body.pose(pose[0], pose[1:], betas)
    out = SMPLBody('nowhere', free_body=True)(
        global_orient=torch.tensor(pose[:1]).float(),
        body_pose=torch.tensor(pose[1:]).float().reshape(1, 69),
        betas=torch.tensor(betas).float()[None],
    )
    assert np.abs(ours.vertices - out['vertices'][0].numpy()).max() < 1e-4
    assert np.abs(ours.joints - out['joints'][0].numpy()).max() < 1e-4


def test_reprojecting_the_annotation_gives_the_stored_joints(rows):
    """SMPL parameters through mmhuman3d's SMPL and the annotated camera: within 0.1 px."""
    body = SMPLBody('nowhere', free_body=True)
    out = body(
        global_orient=torch.tensor(rows['global_orient']),
        body_pose=torch.tensor(rows['body_pose']).reshape(-1, 69),
        betas=torch.tensor(rows['betas']),
    )
    joints = out['joints'].numpy() + rows['transl'][:, None]
    assert np.abs(joints - rows['keypoints3d'][..., :3]).max() < 1e-4
    pixels = rows['focal_length'][:, None] * joints[..., :2] / joints[..., 2:]
    pixels = pixels + rows['principal_point'][:, None]
    seen = rows['keypoints2d'][..., 2] > 0
    assert seen.mean() > 0.5
    assert np.abs(pixels - rows['keypoints2d'][..., :2])[seen].max() < 0.1


def test_confidence_says_which_joints_are_in_the_image_and_boxes_hold_them(rows):
    points, size = rows['keypoints2d'], rows['size'][:, None]
    inside = ((points[..., :2] >= 0) & (points[..., :2] <= size - 1)).all(-1)
    assert (inside == (points[..., 2] > 0)).all()
    low, high = rows['bbox'][:, None, :2], rows['bbox'][:, None, :2] + rows['bbox'][:, None, 2:4]
    assert (low >= 0).all() and (high <= size - 1 + 1e-3).all()
    vertex_joints = inside[:, 24:45]  # on the skin, which the box is tight about
    outside = ((points[..., :2] < low - 1e-3) | (points[..., :2] > high + 1e-3)).any(-1)
    assert not (outside[:, 24:45] & vertex_joints).any()


def test_the_image_has_the_annotated_size(shots):
    for data, columns in shots:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert all(tuple(size) == image.shape[1::-1] for size in columns['size'])


def test_box_is_that_of_the_part_in_the_image(studio):
    """Against the mask of the body drawn by the package's own renderer."""
    compared = 0
    for index in range(12):
        scene = studio.scene(2, 'train', index)
        view = scene.view
        for person in scene.people:
            row = annotate(person, view, studio.body.faces)
            mesh = Mesh(view.to_camera(person.vertices), studio.body.faces)
            drawn = render(mesh, view.focal_length, view.principal_point, view.size)
            if not drawn.mask.any():
                continue
            y, x = np.nonzero(drawn.mask)
            x0, y0, w, h = row['bbox'][:4]
            assert np.abs([x0 - x.min(), y0 - y.min()]).max() < 1.6
            assert np.abs([x0 + w - x.max(), y0 + h - y.max()]).max() < 1.6
            compared += 1
    assert compared > 12


def test_box_of_a_body_that_is_cut():
    pixels = np.array([[10.0, 10.0], [30.0, 10.0], [20.0, 90.0]])
    faces = np.array([[0, 1, 2], [2, 1, 0]])
    assert box_inside(pixels, faces, (100, 100)).tolist() == [10, 10, 20, 80]
    assert box_inside(pixels, faces, (100, 51)).tolist() == [10, 10, 20, 40]
    assert box_inside(pixels + 200, faces, (100, 100)).tolist() == [0, 0, 0, 0]


def test_whoever_is_nearer_hides_the_other(studio):
    """Two people on one line of sight: the owner of shared pixels is the nearer one."""
    scene = studio.scene(2, 'train', 0)
    first, view = scene.people[0], scene.view
    away = (first.joints[0] - view.position) * (1, 0, 1)
    behind = first.moved(0.4 * away / np.linalg.norm(away) * np.linalg.norm(away))
    shares = {}
    for name, people in (('ahead', [first, behind]), ('listed last', [behind, first])):
        pair = Scene(people, view)
        _, owner = render_scene(np.random.default_rng(0), pair, studio.tailor, False)
        seen = [visible_share(p, view, owner == i, studio.body.faces) for i, p in enumerate(people)]
        shares[name] = seen if name == 'ahead' else seen[::-1]
    for near, far in shares.values():
        assert far < 0.7 * near


def test_visible_share_of_a_person_alone_is_what_the_frame_holds(studio):
    """Shifting the owner mask out of the frame by half of the body halves the share."""
    scene = next(s for s in (studio.scene(3, 'train', i) for i in range(99)) if len(s.people) == 1)
    person, view = scene.people[0], scene.view
    everywhere = np.ones(view.size[::-1], bool)
    local = view.to_camera(person.vertices)
    mesh = Mesh(local, studio.body.faces)
    alone = render(mesh, view.focal_length, view.principal_point, view.size).mask
    whole = visible_share(person, view, everywhere, studio.body.faces)
    drawn = visible_share(person, view, alone, studio.body.faces)
    assert 0.9 * whole < drawn <= whole
    half = everywhere.copy()
    middle = int(np.median(np.nonzero(alone)[0]))
    half[:middle] = False
    below = visible_share(person, view, half, studio.body.faces)
    masked = alone[middle:].sum() / alone.sum()
    assert abs(below / whole - masked) < 0.15
    assert visible_share(person, view, ~everywhere, studio.body.faces) == 0


def test_about_a_third_is_cut_or_hidden_and_everybody_annotated_is_seen(rows):
    assert (rows['visible'] >= MIN_VISIBLE).all()
    assert 0.2 < (rows['visible'] < 0.7).mean() < 0.6
    cut = (rows['keypoints2d'][:, :24, 2] == 0).any(1)
    assert 0.2 < cut.mean() < 0.6


def test_people_are_large_enough_for_crops(rows):
    longer = rows['bbox'][:, 2:4].max(1)
    assert np.median(longer) >= 150 and (rows['size'] <= 400).all()


def test_cameras_cover_their_ranges(rows):
    ratio = rows['focal_length'][:, 0] / np.hypot(*rows['size'].T)
    assert ratio.min() >= 0.599 and ratio.max() <= 2.501 and np.ptp(ratio) > 1.2
    facing = np.array([cv2.Rodrigues(o.astype(float))[0][:, 2] for o in rows['global_orient']])
    assert (facing[:, 2] > 0.3).any() and (facing[:, 2] < -0.3).any()
    assert (facing[:, 0] > 0.3).any() and (facing[:, 0] < -0.3).any()
