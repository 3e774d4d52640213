"""Numbers that stay with people: moving, reordered, hidden, crossing."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.apis.trackers.box_tracker import FORGET_AFTER, BoxTracker


def test_persons_keep_their_numbers():
    """They move, change their order, and one is hidden for a while."""
    tracker = BoxTracker()
    first, second = np.array([0.0, 0, 20, 40]), np.array([100.0, 0, 20, 40])
    assert tracker.update(np.stack([first, second])).tolist() == [0, 1]
    for step in range(1, 15):
        moved = [second - np.array([3 * step, 0, 0, 0]), first + np.array([2 * step, 0, 0, 0])]
        if step == 5:
            assert tracker.update(moved[1][None]).tolist() == [0]
            continue
        assert tracker.update(np.stack(moved)).tolist() == [1, 0]
    assert tracker.update(np.array([[500.0, 500, 20, 40]])).tolist() == [2]
    assert tracker.update(np.zeros((0, 4))).tolist() == []


@pytest.mark.parametrize('hidden', [0, 10])
def test_people_who_cross(hidden):
    """The one behind is hidden in the middle for some frames, and moves on meanwhile."""
    tracker, rng, numbers = BoxTracker(), np.random.default_rng(0), [set(), set()]
    for frame in range(80):
        boxes = np.array([[50 + 6 * frame, 100, 60, 180], [524 - 6 * frame, 110, 65, 190.0]])
        seen = [0] if abs(frame - 40) <= hidden / 2 and hidden else [0, 1]
        found = tracker.update((boxes + rng.normal(0, 2, boxes.shape))[seen])
        for person, number in zip(seen, found.tolist()):
            numbers[person].add(number)
    assert numbers == [{0}, {1}]


def test_a_person_who_is_gone_for_long_is_another():
    tracker, box = BoxTracker(), np.array([[10.0, 10, 20, 40]])
    assert tracker.update(box).tolist() == [0]
    for _ in range(FORGET_AFTER - 1):
        tracker.update(np.zeros((0, 4)))
    assert tracker.update(box).tolist() == [0]
    for _ in range(FORGET_AFTER + 1):
        tracker.update(np.zeros((0, 4)))
    assert tracker.update(box).tolist() == [1]
