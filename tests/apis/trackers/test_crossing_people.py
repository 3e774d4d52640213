"""Two people who cross, rendered: the detector loses the one behind, the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from synthetic_humans.body import SyntheticBody
from synthetic_humans.exposure import expose
from synthetic_humans.image import render_scene
from synthetic_humans.people import sample_person
from synthetic_humans.samples import Studio
from synthetic_humans.scenes import Scene
from synthetic_humans.views import View
from synthetic_humans.visibility import box_inside
from video_files import write_clip

from mroi_plugin.apis.detectors.overlap import intersection_over_union
from mroi_plugin.models.body_models.free_body import load_free_body

FRAMES, SIZE = 45, (320, 240)
VIEW = View(SIZE, 300.0, np.array([160.0, 120]), np.diag([1.0, -1, -1]), np.array([0, 1.1, 5]))


def render(seed, path):
    """Write a clip of two people who walk past each other; their true boxes (T, 2, 4) px."""
    studio, rng = Studio(SyntheticBody(load_free_body())), np.random.default_rng(seed)
    people = []
    while len(people) < 2:
        person = sample_person(rng, studio.body, studio.clearance)
        if person.activity in ('walking', 'standing'):
            people.append(person)
    images, boxes = [], []
    for x in np.linspace(-2, 2, FRAMES):
        moved = [people[0].moved(np.array([x, 0, 0])), people[1].moved(np.array([-x, 0, -1]))]
        image, _ = render_scene(
            np.random.default_rng(seed), Scene(moved, VIEW), studio.tailor, False
        )
        images.append(expose(np.random.default_rng(seed), image))
        shown = [VIEW.project(person.vertices) for person in moved]
        boxes.append([box_inside(pixels, studio.body.faces, SIZE) for pixels in shown])
    write_clip(path, images, np.arange(FRAMES) / 15, 'h264')
    return np.array(boxes)


@pytest.mark.parametrize('seed', [0, 3])
def test_one_switch_at_most(inferencer, tmp_path, seed):
    true = render(seed, tmp_path / 'crossing.mp4')
    results = list(inferencer(tmp_path / 'crossing.mp4'))
    assert [result.frame for result in results] == list(range(FRAMES))
    numbers, filled = np.full((FRAMES, 2), -1), 0
    for result in results:
        boxes = np.array([person.bbox for person in result.instances]).reshape(-1, 4)
        overlap = intersection_over_union(true[result.frame], boxes)
        for i, j in zip(*linear_sum_assignment(-overlap)):
            if overlap[i, j] > 0.4:
                numbers[result.frame, i] = result.instances[j].track
        filled += sum(person.score == 0 for person in result.instances)
    seen = [column[column >= 0] for column in numbers.T]
    assert sum((np.diff(column) != 0).sum() for column in seen) <= 1
    assert seen[0][0] != seen[1][0]
    assert filled > 0 and (numbers >= 0).all(1).sum() >= FRAMES - 2  # nobody blinks
