"""Poses of the synthetic people: within limits, without collisions, two splits apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from synthetic_humans.activities import ACTIVITIES
from synthetic_humans.body import SyntheticBody
from synthetic_humans.clearance import MAX_PENETRATION_M, Clearance
from synthetic_humans.people import CHILD_BETA, sample_betas, sample_person
from synthetic_humans.poses import RESERVED, assemble, draw_angles, is_reserved, sample_pose
from synthetic_humans.postures import ARMS, LEGS, LIMITS, TRUNK_LIMITS

from mroi_plugin.models.body_models.free_body import load_free_body

COUNT = 80


@pytest.fixture(scope='module')
def body():
    return SyntheticBody(load_free_body())


@pytest.fixture(scope='module')
def clearance(body):
    return Clearance(body)


@pytest.fixture(scope='module')
def poses(body, clearance):
    rng = np.random.default_rng(0)
    betas = np.zeros(10)
    return [sample_pose(rng, body, clearance, betas) for _ in range(COUNT)]


def test_angles_stay_within_their_limits(poses):
    for pose in poses:
        for side in pose.angles.sides:
            assert all(LIMITS[name][0] <= side[name] <= LIMITS[name][1] for name in LIMITS)
        for name, (low, high) in TRUNK_LIMITS.items():
            assert low <= pose.angles.trunk[name] <= high
        assert np.array_equal(assemble(pose.angles), pose.body_pose)


def test_tables_name_known_angles_within_limits():
    postures = [*LEGS.values(), *ARMS.values(), *(a.trunk for a in ACTIVITIES.values())]
    limits = {**LIMITS, **TRUNK_LIMITS}
    for name, (mean, deviation) in itertools.chain(*(p.items() for p in postures)):
        assert limits[name][0] <= mean <= limits[name][1] and 0 < deviation <= 45


def test_no_limbs_run_into_each_other(poses, clearance):
    depths = [clearance.penetration(pose.body_pose, np.zeros(10)) for pose in poses]
    assert max(depths) <= MAX_PENETRATION_M


def test_a_forearm_through_the_belly_is_found(clearance):
    pose = np.zeros((23, 3))
    assert clearance.penetration(pose, np.zeros(10)) == 0
    pose[15] = (0, 0, -1.25)  # left shoulder: the arm hangs
    pose[17] = (0, 0, -1.5)  # left elbow: the forearm points to the right, through the trunk
    assert clearance.penetration(pose, np.zeros(10)) > 0.05


def test_knees_and_elbows_bend_the_right_way(body):
    """A bent knee brings the foot back, a bent elbow the hand to the front, on both sides."""
    rng = np.random.default_rng(1)
    angles = draw_angles(rng, 'standing', False)
    straight = dict.fromkeys(LIMITS, 0.0)
    bent = {**straight, 'knee_flex': 90.0, 'elbow': 90.0}
    rest = body.pose(np.zeros(3), np.zeros((23, 3)), np.zeros(10)).joints
    flat = dict.fromkeys(angles.trunk, 0.0)
    moved = body.pose(np.zeros(3), assemble(type(angles)(flat, (bent, bent))), np.zeros(10)).joints
    assert (moved[[7, 8], 2] < rest[[7, 8], 2] - 0.3).all()
    assert (moved[[22, 23], 2] > rest[[22, 23], 2] + 0.2).all()


def test_both_splits_have_poses_of_every_activity():
    for name, activity in ACTIVITIES.items():
        kinds = {is_reserved(name, pair) for pair in itertools.product(activity.arms, repeat=2)}
        assert kinds == {True, False}, name
    pairs = list(itertools.product(ACTIVITIES, ARMS, ARMS))
    share = np.mean([is_reserved(name, (left, right)) for name, left, right in pairs])
    assert abs(share - 1 / RESERVED) < 0.02


@pytest.mark.parametrize('reserved', [False, True])
def test_a_split_draws_its_own_combinations(reserved, monkeypatch):
    drawn = []
    original = is_reserved

    def watched(name, arms):
        drawn.append((name, arms))
        return original(name, arms)

    monkeypatch.setattr('synthetic_humans.poses.is_reserved', watched)
    rng = np.random.default_rng(2)
    for name in list(ACTIVITIES) * 5:
        draw_angles(rng, name, reserved)
        assert original(*drawn[-1]) == reserved


def test_people_stand_on_the_floor_and_jump_above_it(body, clearance):
    rng = np.random.default_rng(3)
    people = [sample_person(rng, body, clearance) for _ in range(COUNT)]
    for person in people:
        low = person.vertices[:, 1].min()
        assert low > 0.04 if person.activity == 'jumping' else abs(low) < 1e-9
        assert (person.seat_top is not None) == (person.activity == 'sitting')
    assert {person.activity for person in people} > {'standing', 'walking', 'sitting', 'reaching'}
    angles = [np.arctan2(person.heading[0, 2], person.heading[2, 2]) for person in people]
    assert np.histogram(angles, 4, (-np.pi, np.pi))[0].min() > COUNT / 10


def test_shapes_from_children_to_tall_adults(body):
    rng = np.random.default_rng(4)
    betas = np.stack([sample_betas(rng) for _ in range(400)])
    tall = [np.ptp(body.rest_vertices_of(b)[:, 1]) for b in betas]
    assert min(tall) < 1.4 and max(tall) > 1.9 and 1.6 < np.median(tall) < 1.8
    assert (betas[:, 0] >= CHILD_BETA[0]).all() and np.abs(betas[:, 1:]).max() <= 3.01
    assert (betas[:, 1:].std(0) > 0.8).all() and np.abs(betas[:, 1:].mean(0)).max() < 0.25
