"""Scenes of the synthetic images: people, cameras, things and backgrounds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from synthetic_humans.backdrop import sample_place
from synthetic_humans.backgrounds import sample_background
from synthetic_humans.body import SyntheticBody
from synthetic_humans.exposure import encode, expose
from synthetic_humans.props import MAX_HIDDEN_JOINTS, make_clutter, make_occluder, make_seat
from synthetic_humans.samples import Studio
from synthetic_humans.views import MAX_PITCH_DEG, ROLL_DEG

from mroi_plugin.models.body_models.free_body import load_free_body

COUNT = 40


@pytest.fixture(scope='module')
def studio():
    return Studio(SyntheticBody(load_free_body()))


@pytest.fixture(scope='module')
def scenes(studio):
    return [studio.scene(0, 'train', index) for index in range(COUNT)]


def test_there_are_one_to_six_people_who_do_not_touch(scenes):
    counts = [len(scene.people) for scene in scenes]
    assert min(counts) == 1 and 3 <= max(counts) <= 6 and 1.4 < np.mean(counts) < 2.8
    for scene in scenes:
        for i, person in enumerate(scene.people):
            for other in scene.people[:i]:
                gaps = person.joints[:24, None] - other.joints[None, :24]
                assert np.linalg.norm(gaps, axis=2).min() > 0.2


def test_people_share_one_floor(scenes):
    for scene in scenes:
        for person in scene.people:
            low = person.vertices[:, 1].min()
            assert low > 0.04 if person.activity == 'jumping' else abs(low) < 1e-9


def test_cameras_stay_upright_and_above_the_floor(scenes):
    for scene in scenes:
        right, down, forward = scene.view.rotation
        assert np.allclose(scene.view.rotation @ scene.view.rotation.T, np.eye(3))
        assert np.isclose(np.linalg.det(scene.view.rotation), 1)
        assert np.degrees(np.arcsin(abs(forward[1]))) < MAX_PITCH_DEG + 0.01
        level = np.cross(forward, (0.0, 1.0, 0.0))
        roll = np.arccos(np.clip(right @ level / np.linalg.norm(level), -1, 1))
        assert np.degrees(roll) < ROLL_DEG + 0.01 and down[1] < 0
        assert 0.2 < scene.view.position[1] < 4.6


def test_all_people_lie_before_the_camera(scenes):
    for scene in scenes:
        assert all(scene.view.to_camera(p.vertices)[:, 2].min() > 0.25 for p in scene.people)


def test_an_image_depends_on_its_numbers_alone(studio):
    first, rows = studio.shot(0, 'train', 3)
    studio.shot(0, 'train', 4)
    again, same = studio.shot(0, 'train', 3)
    assert first == again and all(np.array_equal(rows[name], same[name]) for name in rows)
    assert studio.shot(0, 'test', 3)[0] != first and studio.shot(1, 'train', 3)[0] != first


def test_things_stand_free_of_people(scenes):
    rng, hidden = np.random.default_rng(0), 0
    for scene in scenes:
        things = make_clutter(rng, scene.people, scene.view)
        occluder = make_occluder(rng, scene.people, scene.view)
        hidden += occluder is not None
        things += [] if occluder is None else [occluder]
        for thing in things:
            assert all(thing.is_clear_of(person) for person in scene.people)
            low = np.concatenate([surface.vertices for surface in thing.surfaces])[:, 1].min()
            assert low > -0.5
    assert 0 < hidden < COUNT * MAX_HIDDEN_JOINTS


def test_who_sits_has_a_seat_under_the_pelvis(scenes):
    rng, seats = np.random.default_rng(0), 0
    for person in (person for scene in scenes for person in scene.people):
        seat = make_seat(rng, person)
        assert (seat is None) == (person.seat_top is None)
        if seat is not None:
            seats += 1
            assert np.hypot(*(seat.middle - person.joints[0, [0, 2]])) < 0.25
            assert person.joints[0, 1] > person.seat_top
    assert seats > 2


def test_rooms_hold_everybody(scenes):
    rng, rooms = np.random.default_rng(0), 0
    for scene in scenes:
        points = np.concatenate([person.joints[:, [0, 2]] for person in scene.people])
        place = sample_place(rng, scene.view, points, reserved=False)
        everybody = np.vstack([points, scene.view.position[[0, 2]]])
        for x, z, distance, _ in place.walls:
            assert (everybody @ (x, z) + distance > 0.6).all()
        rooms += len(place.walls) > 0
    assert COUNT / 4 < rooms < COUNT


@pytest.mark.parametrize('reserved', [False, True])
def test_backgrounds_are_pictures_of_the_asked_size(reserved):
    rng = np.random.default_rng(0)
    pictures = [sample_background(rng, (120, 90), reserved) for _ in range(40)]
    for picture in pictures:
        assert picture.shape == (90, 120, 3) and picture.dtype == np.float32
        assert picture.min() >= 0 and picture.max() <= 1
    means = np.stack([picture.mean((0, 1)) for picture in pictures])
    assert (means.std(0) > 0.1).all()


def test_exposure_varies_and_stays_an_image():
    rng = np.random.default_rng(0)
    scene = cv2.resize(rng.random((12, 16, 3), np.float32), (320, 240))
    images = [expose(rng, scene) for _ in range(60)]
    assert all(image.shape == (240, 320, 3) and image.dtype == np.uint8 for image in images)
    levels = [image.mean() for image in images]
    assert np.std(levels) > 8 and 60 < np.mean(levels) < 190
    gray = [bool((image == image[..., :1]).all()) for image in images]
    assert 0 < sum(gray) < 12
    sizes = [len(encode(rng, images[0])) for _ in range(8)]
    assert max(sizes) > 1.2 * min(sizes)
