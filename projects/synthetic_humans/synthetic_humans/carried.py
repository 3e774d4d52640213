"""Things that people carry: on the back or in a hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthetic_humans.body import SyntheticBody, skin
from synthetic_humans.materials import FLAT, Material, fabric
from synthetic_humans.people import Person
from synthetic_humans.solids import ball, block, cylinder
from synthetic_humans.surfaces import Surface, plain_surface

BACKPACK_SHARE, HELD_SHARE = 0.08, 0.15

_UPPER_BACK, _HANDS = 9, (22, 23)


def _backpack(rng: np.random.Generator) -> tuple:
    """Return a solid behind the back, about the joint of the upper spine."""
    width, height, depth = rng.uniform((0.22, 0.28, 0.1), (0.36, 0.5, 0.2))
    return block((0, -0.2, -0.11 - depth / 2), (width, height, depth))


def _held(rng: np.random.Generator) -> tuple:
    """Return a solid about the joint of a hand: a telephone, a cup, a ball, a stick, a bag."""
    kind = rng.uniform()
    if kind < 0.35:
        return block((0, -0.07, 0), tuple(rng.uniform((0.02, 0.04, 0.01), (0.1, 0.14, 0.08))))
    if kind < 0.5:
        return cylinder(rng.uniform(0.025, 0.045), rng.uniform(0.08, 0.16), (0, -0.08, 0.03))
    if kind < 0.65:
        radius = rng.uniform(0.03, 0.13)
        return ball(radius, (0, -0.03 - 2 * radius, 0))
    if kind < 0.8:
        points, faces, coords = cylinder(0.016, rng.uniform(0.5, 1.1))
        return points[:, [0, 2, 1]] + (0, -0.03, -0.2), faces[:, ::-1], coords
    points, faces, coords = block(
        (0, 0, 0), tuple(rng.uniform((0.2, 0.15, 0.06), (0.4, 0.35, 0.16)))
    )
    return points[:, [1, 0, 2]] + (0.05, 0, 0), faces[:, ::-1], coords


def carried_things(
    rng: np.random.Generator, person: Person, body: SyntheticBody
) -> list[tuple[Surface, Material]]:
    """Draw what a person carries, in the world; mostly nothing.

    Args:
        rng: source of randomness.
        person: who.
        body: gives the joints.
    """
    joints, chosen = body.rest_joints_of(person.betas), []
    if rng.uniform() < BACKPACK_SHARE:
        chosen.append((_UPPER_BACK, _backpack(rng)))
    if rng.uniform() < HELD_SHARE:
        chosen.append((_HANDS[int(rng.integers(2))], _held(rng)))
    things = []
    for joint, (points, faces, coords) in chosen:
        if joint == _HANDS[1]:
            points, faces = points * (-1, 1, 1), faces[:, ::-1]
        weights = np.zeros((len(points), 24))
        weights[:, joint] = 1
        moved = skin(points + joints[joint], weights, person.transforms)
        material = replace(fabric(rng), mode=FLAT, gloss=rng.uniform(0, 0.2))
        things.append((plain_surface(moved, faces, coords, 0), material))
    return things
