"""Boxes filled in over gaps, in the order of the frames, with no more delay than a gap needs."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.apis.pending import PendingImage
from mroi_plugin.apis.trackers.following import MAX_GAP, follow_people

SIZE = (640, 480)


def place(frame, person=0):
    return np.array([50.0 + 3 * frame, 100 + 150 * person, 40, 120])


def found(frame, persons, video='a.mp4', error=None):
    image = InputImage(f'{video}#{frame:06d}', SIZE, frame=frame, time=frame / 10, error=error)
    if error is not None:
        return PendingImage(image, error=error)
    boxes = np.array([place(frame, person) for person in persons]).reshape(-1, 4)
    return PendingImage.of_found(image, boxes, np.full(len(boxes), 0.9))


def numbers(images):
    return [image.tracks.tolist() for image in images]


@pytest.mark.parametrize('gap', [1, MAX_GAP, MAX_GAP + 1])
def test_a_gap_is_filled(gap):
    """Where a person is missed, the box lies between those before and after; the order stays."""
    frames = [found(i, [0, 1] if not 5 <= i < 5 + gap else [1]) for i in range(20)]
    images = list(follow_people(iter(frames)))
    assert [image.frame for image in images] == list(range(20))
    for image in images:
        missed = 5 <= image.frame < 5 + gap
        if missed and gap > MAX_GAP:
            assert image.tracks.tolist() == [1]
            continue
        assert sorted(image.tracks.tolist()) == [0, 1]
        for person in (0, 1):
            (i,) = np.flatnonzero(image.tracks == person)
            np.testing.assert_allclose(image.boxes[i], place(image.frame, person), atol=1e-9)
            assert image.scores[i] == (0 if missed and person == 0 else 0.9)


def test_frames_wait_for_a_person_who_is_missed_and_no_longer():
    """With nobody missed, a frame comes before the next one is asked for."""
    asked = []

    def frames():
        for i in range(40):
            asked.append(i)
            yield found(i, [0, 1] if i < 10 else [1])

    images = follow_people(frames())
    for i in range(10):
        assert next(images).frame == i and asked[-1] == i
    assert next(images).frame == 10 and asked[-1] == 10 + MAX_GAP
    for i in range(11, 40 - MAX_GAP):
        next(images)
        assert asked[-1] <= i + MAX_GAP


def test_videos_are_apart_and_images_pass():
    """Even a video that comes twice in a row, and one that ends in an error."""
    image = PendingImage.of_found(InputImage('a.jpg', SIZE), place(0)[None], np.ones(1))
    broken = PendingImage(InputImage('a.mp4', error='cut off'), error='cut off')
    clip = lambda: [found(i, [0] if i != 2 else []) for i in range(4)]  # noqa: E731
    inputs = [image, *clip(), *clip(), broken, *[found(i, [1], 'b.mp4') for i in range(2)], image]
    images = list(follow_people(iter(inputs)))
    assert [one.image.name for one in images] == [one.image.name for one in inputs]
    assert numbers(images) == [[-1], *[[0]] * 8, [], [0], [0], [-1]]


def test_a_frame_that_cannot_be_used_stays_empty():
    frames = [found(i, [0], error='no memory' if i == 2 else None) for i in range(5)]
    images = list(follow_people(iter(frames)))
    assert numbers(images) == [[0], [0], [], [0], [0]]
    assert images[2].error == 'no memory' and images[2].complete


@pytest.mark.parametrize('speed', [0, 4, 6, 20])
@pytest.mark.parametrize('step', [1, 2, 10, MAX_GAP + 1])
def test_boxes_that_a_user_gives_every_so_many_frames(speed, step):
    """Two people who walk past each other at different depths; 20 px are a sixth of a height."""
    truth = lambda frame: np.array(  # noqa: E731
        [[50.0 + speed * frame, 100, 40, 120], [560.0 - speed * frame, 260, 50, 150]]
    )
    frames = []
    for frame in range(2 * MAX_GAP + 3):
        boxes = truth(frame) if frame % step == 0 else np.zeros((0, 4))
        image = InputImage(f'a.mp4#{frame:06d}', (2000, 480), frame=frame)
        frames.append(PendingImage.of_found(image, boxes, np.full(len(boxes), 0.9)))
    last = 2 * MAX_GAP + 2 - (2 * MAX_GAP + 2) % step
    for image in list(follow_people(iter(frames), given=True))[: last + 1]:
        assert sorted(image.tracks.tolist()) == [0, 1], image.frame
        order = np.argsort(image.tracks)
        np.testing.assert_allclose(image.boxes[order], truth(image.frame), atol=1e-9)


def test_given_boxes_too_far_apart_are_two_people():
    frames = [
        found(0, [0]), *(found(i, []) for i in range(1, 8)), found(8, [2])
    ]  # fmt: skip
    frames[8].boxes = np.add(frames[8].boxes, [400, 0, 0, 0])
    assert numbers(follow_people(iter(frames), given=True)) == [[0], *[[]] * 7, [1]]
