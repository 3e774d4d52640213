"""People and things before a camera, on one floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthetic_humans.body import SyntheticBody
from synthetic_humans.clearance import Clearance
from synthetic_humans.people import Person, sample_person
from synthetic_humans.views import View, sample_view

GROUP_SHARES = (0.42, 0.27, 0.14, 0.08, 0.05, 0.04)
"""How often there are 1 to 6 people."""
BEHIND_EACH_OTHER = 0.45
"""How often a further person stands near the line of sight to another."""

_TRIES = 10
_GAP_M = 0.22
_LEAST_PX = 125.0


@dataclass(frozen=True)
class Scene:
    """People and a camera; the first of the people is the one that it looks at."""

    people: list[Person]
    view: View


def _touches(person: Person, others: list[Person]) -> bool:
    """Tell whether a person's joints come near those of others."""
    for other in others:
        gaps = person.joints[:24, None] - other.joints[None, :24]
        if (gaps**2).sum(2).min() < _GAP_M**2:
            return True
    return False


def _further_place(rng: np.random.Generator, view: View, people: list[Person]) -> np.ndarray:
    """Draw a place (3,) on the floor before the camera."""
    first = np.hypot(*(people[0].joints[0, [0, 2]] - view.position[[0, 2]]))
    depth = first * np.exp(rng.uniform(-0.35, 0.75))
    column = rng.uniform(-0.05, 1.05) * view.size[0]
    if rng.uniform() < BEHIND_EACH_OTHER:
        other = people[int(rng.integers(len(people)))]
        column = view.project(other.joints[0])[0] + rng.normal(0, 0.12) * view.size[0]
    ray = view.rotation.T @ np.array(
        [(column - view.principal_point[0]) / view.focal_length, 0.0, 1.0]
    )
    flat = ray[[0, 2]] / max(np.hypot(ray[0], ray[2]), 1e-6)
    x, z = view.position[[0, 2]] + depth * flat
    return np.array([x, 0.0, z])


def sample_scene(
    rng: np.random.Generator, body: SyntheticBody, clearance: Clearance, reserved: bool
) -> Scene:
    """Draw one to six people and a camera.

    Args:
        rng: source of randomness.
        body: the body of all people.
        clearance: the test for collisions of limbs.
        reserved: draw from the poses of the test split instead of those of training.
    """
    first = sample_person(rng, body, clearance, reserved)
    view, people = sample_view(rng, first), [first]
    count = 1 + int(rng.choice(len(GROUP_SHARES), p=GROUP_SHARES))
    for _ in range(count - 1):
        person = sample_person(rng, body, clearance, reserved)
        for _ in range(_TRIES):
            moved = person.moved(_further_place(rng, view, people))
            local = view.to_camera(moved.vertices)
            height = view.focal_length * np.ptp(moved.vertices[:, 1]) / np.median(local[:, 2])
            if local[:, 2].min() < 0.4 or height < _LEAST_PX or _touches(moved, people):
                continue
            people.append(moved)
            break
    return Scene(people, view)
