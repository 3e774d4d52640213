"""Exchanged joints are found; joints that are hidden, rough or on the spine do not look so."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.data_preparation.left_right import MIN_JOINTS, swapped_samples
from mroi_plugin.mmhuman3d_compat.conventions import flip_permutation, keypoint_names

MIRROR = flip_permutation('smpl_54')
VIEWS = 100


@pytest.fixture
def joints(truth):
    """Rough 2D joints (n, 54, 3), half of them hidden, and the body's (n, 54, 4)."""
    rng = np.random.default_rng(0)
    ones = np.ones((*truth.joints.shape[:2], 1))
    body = np.repeat(np.concatenate([truth.joints, ones], 2), VIEWS, 0)
    flat = body[..., :2] + rng.normal(scale=0.05, size=body[..., :2].shape)
    shown = rng.random(body.shape[:2]) < 0.5
    return np.concatenate([100 * flat + 300, shown[..., None]], 2), body


def test_hidden_and_rough_joints_are_in_their_order(joints):
    points, body = joints
    swapped, judged = swapped_samples(points, body)
    assert judged.mean() > 0.8 and not swapped.any()


def test_exchanged_joints_are_found(joints):
    """But for people seen from the side, whose left is where their right is."""
    points, body = joints
    swapped, judged = swapped_samples(points[:, MIRROR], body)
    assert swapped[judged].mean() > 0.6


def test_joints_on_the_spine_say_nothing(joints):
    """Any error of theirs alone, and however many there are."""
    points, body = joints
    middle = np.flatnonzero(np.arange(len(MIRROR)) == MIRROR)
    paired = [keypoint_names('smpl_54').index(f'{side}_hip') for side in ('left', 'right')]
    alone = points.copy()
    alone[..., 2] = 0
    alone[:, [*middle, *paired], 2] = 1
    assert len(middle) + len(paired) >= MIN_JOINTS
    assert not swapped_samples(alone, body)[1].any()
    shifted = points.copy()
    shifted[:, middle, :2] += 80
    for one, other in zip(swapped_samples(shifted, body), swapped_samples(points, body)):
        assert np.array_equal(one, other)
