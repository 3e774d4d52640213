"""Bodies over an image as large as it is, and from other sides with a scale."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import trimesh

from mroi_plugin.structures.results import InstanceResult
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.visualization import drawing, scene

FOCAL, CENTER = 700.0, np.array([410.0, 290.0])
BALL = trimesh.creation.icosphere(3, 0.5)


def ball(x, z):
    """A ball of one meter, z meters away."""
    place, zeros = np.array([x, 0, z], np.float32), np.zeros((1, 3), np.float32)
    return InstanceResult(
        bbox=np.zeros(4), score=1.0, pose=np.tile(np.eye(3), (24, 1, 1)), betas=np.zeros(10),
        vertices=np.asarray(BALL.vertices, np.float32), joints=np.zeros((24, 3)),
        focal_length=FOCAL, principal_point=CENTER, rois=np.array([[0, 0, 200.0]]), trans=place,
        local_cameras=zeros, full_cameras=place[None], consensus_camera=place, spread_px=0.0,
        spread_m=0.0, confidence=1.0,
    )  # fmt: skip


@pytest.fixture
def image():
    rows, columns = np.mgrid[:600, :800]
    return np.stack([rows % 256, columns % 256, np.full_like(rows, 40)], 2).astype(np.uint8)


COLORS = [instance_color(i) for i in range(2)]


def test_the_nearer_body_hides_the_farther_whatever_the_order(image):
    near, far = ball(0.0, 3.0), ball(0.3, 5.0)
    drawn = scene.meshes_over_image(image, [near, far], BALL.faces, COLORS)
    other = scene.meshes_over_image(image, [far, near], BALL.faces, COLORS[::-1])
    np.testing.assert_array_equal(drawn, other)
    x, y = near.project(np.zeros((1, 3)))[0].round().astype(int)
    alone = scene.meshes_over_image(image, [near], BALL.faces, COLORS[:1])
    np.testing.assert_array_equal(drawn[y, x], alone[y, x])


def test_edges_are_smooth(image):
    """Between a body and what is behind it lie colors of both."""
    paper = np.full_like(image, 255)
    drawn = scene.meshes_over_image(paper, [ball(0, 3)], BALL.faces, [(0, 0, 0)], 1.0)[..., 1]
    inside, edge = drawn < 40, (drawn >= 40) & (drawn < 255)
    around = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3))).astype(bool) & ~inside
    assert edge[around].mean() > 0.4 and edge.sum() < 3 * around.sum()


def test_larger_images_than_are_drawn_in_keep_their_size(image, monkeypatch):
    people = [ball(0.0, 3.0), ball(0.3, 5.0)]
    whole = scene.meshes_over_image(image, people, BALL.faces, COLORS)
    monkeypatch.setattr(scene, 'MAX_DRAWN', 400)
    enlarged = scene.meshes_over_image(image, people, BALL.faces, COLORS)
    assert enlarged.shape == image.shape
    difference = np.abs(whole.astype(int) - enlarged).max(2)
    covered = (whole != image).any(2)
    assert covered.mean() > 0.05 and np.median(difference[covered]) <= 2
    assert (difference[~covered] == 0).mean() > 0.98  # but a seam of a pixel
    assert np.quantile(difference[covered], 0.95) < 12


@pytest.mark.parametrize('size', [1.0, 7.3, 0.25])
def test_the_bar_is_as_long_as_it_says(size, monkeypatch):
    told = []
    monkeypatch.setattr(
        drawing, 'draw_text', lambda picture, text, *_: told.append(text) or picture
    )
    person = replace(ball(0, 4 * size), vertices=np.asarray(BALL.vertices * size, np.float32))
    drawn = scene.turned_view([person], BALL.faces, [(1, 0, 0)], scene.SIDE, (480, 480))
    red = ((drawn[..., 0] > 60) & (drawn[..., 1] < 40)).any(0).sum()  # the ball's diameter, px
    bar = (drawn[480 - 480 // 16] < 150).all(1).sum() - 3  # its ends are three pixels wide
    assert bar / red == pytest.approx(float(told[0].removesuffix(' m')) / size, rel=0.04)


def test_captions_tell_people_and_meters(monkeypatch, image):
    told = []
    monkeypatch.setattr(scene, 'draw_label', lambda picture, text: told.append(text) or picture)
    for people in ([ball(0, 3.0), ball(0.3, 5.04)], [ball(0, 3.0)], []):
        scene.result_row(image, people, BALL.faces, (48, 64))
    assert told[0].startswith('2 people: joints') and told[4].startswith('1 person: joints')
    assert told[2] == 'from the right: 3.0 to 5.0 m from the camera'
    assert told[6] == 'from the right: 3.0 m from the camera'
    assert told[8] == 'no person found' and told[10] == 'from the right'
