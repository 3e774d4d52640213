"""The aligned camera is the true one for exact landmarks, and near it whatever a few say."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.cameras import project_points
from mroi_plugin.models.layers.camera_alignment import DEPTH_FACTOR, align_camera

PERSONS, JOINTS = 64, 30


@pytest.fixture
def scene():
    """Bodies of random joints at random places of an image of 900x700 px."""
    torch.manual_seed(0)
    joints = torch.randn(PERSONS, JOINTS, 3, dtype=torch.float64) * torch.tensor([0.3, 0.5, 0.2])
    camera = torch.rand(PERSONS, 3, dtype=torch.float64) * torch.tensor([2.0, 1.0, 6.0])
    camera += torch.tensor([-1.0, -0.5, 2.5])
    focal = 500 + 900 * torch.rand(PERSONS, dtype=torch.float64)
    points = project_points(joints, camera, focal)
    side = (points.amax(1) - points.amin(1)).amax(1)
    return {
        'joints': joints,
        'points': points,
        'weights': torch.ones(PERSONS, JOINTS, dtype=torch.float64),
        'camera': camera * (0.7 + 0.6 * torch.rand(PERSONS, 1, dtype=torch.float64)),
        'focal_length': focal,
        'side': side,
    }, camera


def test_exact_landmarks_give_the_true_camera(scene):
    given, camera = scene
    torch.testing.assert_close(align_camera(**given), camera, rtol=1e-9, atol=1e-9)


def test_points_of_no_weight_do_not_count(scene):
    given, camera = scene
    given['points'][:, ::3] = 1e4
    given['weights'][:, ::3] = 0
    torch.testing.assert_close(align_camera(**given), camera, rtol=1e-9, atol=1e-9)


def test_a_fifth_of_the_points_far_off_moves_little(scene):
    given, camera = scene
    true = given['points'].clone()
    given['points'][:, ::5] += given['side'][:, None, None] * torch.tensor([0.5, -0.4])
    seen = project_points(given['joints'], align_camera(**given), given['focal_length'])
    off = (seen - true).norm(dim=-1).mean(1) / given['side']
    squares = torch.tensor([0.5, -0.4]).norm() / 5  # what least squares would shift by
    assert off.median() < squares / 20 and off.quantile(0.9) < squares / 10


@pytest.mark.parametrize('kept', [0, 2])
def test_too_few_points_leave_the_camera_as_it_was(scene, kept):
    given, _ = scene
    given['weights'][:, kept:] = 0
    assert torch.equal(align_camera(**given), given['camera'])


def test_points_in_one_place_leave_the_camera_as_it_was(scene):
    given, _ = scene
    given['points'] = given['points'].mean(1, keepdim=True).expand_as(given['points'])
    assert torch.equal(align_camera(**given), given['camera'])


def test_the_depth_stays_near_that_of_the_given_camera(scene):
    """Landmarks ten times as far apart, or mirrored, as of a body behind the camera."""
    given, _ = scene
    middle = given['points'].mean(1, keepdim=True)
    for factor in (10.0, -1.0):
        points = middle + factor * (given['points'] - middle)
        found = align_camera(**{**given, 'points': points})[:, 2] / given['camera'][:, 2]
        assert ((found >= 1 / DEPTH_FACTOR - 1e-9) & (found <= DEPTH_FACTOR + 1e-9)).all()
        if factor > 0:
            torch.testing.assert_close(found, torch.full_like(found, 1 / DEPTH_FACTOR))


def test_a_camera_behind_the_body_stays_as_it_was(scene):
    given, _ = scene
    given['camera'] = -given['camera']
    assert torch.equal(align_camera(**given), given['camera'])


def test_persons_do_not_depend_on_each_other(scene):
    given, _ = scene
    given['points'] += torch.randn_like(given['points'])
    whole = align_camera(**given)
    one = align_camera(**{name: value[5:6] for name, value in given.items()})
    torch.testing.assert_close(one, whole[5:6], rtol=1e-12, atol=1e-12)
