"""Things in the scene: seats, furniture, poles, balls, and what hides a part of a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.materials import FLAT, Material, dye, fabric, plain, random_noise
from synthetic_humans.people import Person
from synthetic_humans.solids import ball, block, cylinder
from synthetic_humans.surfaces import Surface, plain_surface
from synthetic_humans.views import View

OCCLUDER_SHARE = 0.3
"""Part of the images in which a thing stands between the camera and a person."""
MAX_HIDDEN_JOINTS = 0.55
"""Largest part of SMPL's 24 joints that it may hide."""

_HEAD = 15
_TRIES = 12
_CLEAR_M = 0.18
_FURNITURE = 0.84


@dataclass(frozen=True)
class Thing:
    """A thing on the floor.

    Attributes:
        surfaces: its parts, in the world; their material is 0.
        material: of all of them.
        reach: radius about its middle on the floor, m.
        middle: (2,), x and z, m.
        top: height, m.
    """

    surfaces: list[Surface]
    material: Material
    middle: np.ndarray
    reach: float
    top: float

    def is_clear_of(self, person: Person) -> bool:
        """Tell whether a person does not stand in it."""
        low = person.joints[person.joints[:, 1] < self.top + 0.1][:, [0, 2]]
        if not len(low):
            return True
        return bool(np.hypot(*(low - self.middle).T).min() > self.reach + _CLEAR_M)


def _table(rng: np.random.Generator) -> list:
    w, d, h = rng.uniform(0.5, 1.6), rng.uniform(0.4, 0.8), rng.uniform(0.4, 1.0)
    legs = [
        block((sx * (w / 2 - 0.05), 0, sz * (d / 2 - 0.05)), (0.05, h, 0.05))
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    return [block((0, h, 0), (w, 0.04, d)), *legs]


def _chair(rng: np.random.Generator, h: float | None = None) -> list:
    h, w = h or rng.uniform(0.4, 0.5), rng.uniform(0.4, 0.52)
    legs = [
        block((sx * (w / 2 - 0.03), 0, sz * (w / 2 - 0.03)), (0.04, h - 0.04, 0.04))
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    return [
        *legs,
        block((0, h - 0.05, 0), (w, 0.05, w)),
        block((0, h, -w / 2), (w, rng.uniform(0.3, 0.5), 0.04)),
    ]


def _shelf(rng: np.random.Generator) -> list:
    w, h, d = rng.uniform(0.5, 1.2), rng.uniform(0.9, 2.0), rng.uniform(0.25, 0.4)
    boards = [block((0, y, 0), (w, 0.03, d)) for y in np.linspace(0.05, h, int(rng.integers(3, 6)))]
    return [*boards, block((-w / 2, 0, 0), (0.03, h, d)), block((w / 2, 0, 0), (0.03, h, d))]


def _bush(rng: np.random.Generator) -> list:
    return [
        ball(rng.uniform(0.12, 0.3), tuple(rng.uniform((-0.3, -0.1, -0.3), (0.3, 0.5, 0.3))))
        for _ in range(5)
    ]


def _parts(rng: np.random.Generator, most: float = 1.0) -> list:
    """Draw the shape of a thing; `most` below 1 leaves the last kinds out, bushes and balls."""
    kind = rng.uniform(0, most)
    if kind < 0.28:
        return [block((0, 0, 0), tuple(rng.uniform((0.2, 0.2, 0.2), (1.4, 1.5, 0.7))))]
    if kind < 0.42:
        return [cylinder(rng.uniform(0.04, 0.35), rng.uniform(0.3, 2.5))]
    if kind < 0.58:
        return _table(rng)
    if kind < 0.72:
        return _chair(rng)
    if kind < _FURNITURE:
        return _shelf(rng)
    if kind < 0.95:
        return _bush(rng)
    return [ball(rng.uniform(0.08, 0.3))]


def _stuff(rng: np.random.Generator) -> Material:
    """Draw what a thing is made of: paint, wood, leaves, cloth, metal."""
    kind = rng.uniform()
    if kind < 0.3:
        texture = fabric(rng).texture
    elif kind < 0.55:
        wood = np.array([0.55, 0.38, 0.24]) * rng.uniform(0.4, 1.5)
        texture = np.clip(wood * (1 + 0.12 * random_noise(rng, 8, 16))[..., None], 0, 1)
    elif kind < 0.65:
        leaves = np.array([0.25, 0.38, 0.18]) * rng.uniform(0.5, 1.4)
        texture = np.clip(leaves * (1 + 0.35 * random_noise(rng, 4, 8))[..., None], 0, 1)
    else:
        texture = plain(rng, dye(rng), rng.uniform(0.02, 0.15))
    return Material(
        texture.astype(np.float32),
        FLAT,
        rng.uniform(0.2, 1.0),
        rng.uniform(0, 0.2),
        rng.uniform(0, 0.3) ** 2,
    )


def _place(parts: list, middle: np.ndarray, turn: np.ndarray, material: Material) -> Thing:
    """Put parts at (x, z) on the floor, turned about the vertical by (3, 3)."""
    shift = np.array([middle[0], 0.0, middle[1]])
    surfaces = [
        plain_surface(np.einsum('ij,vj->vi', turn, points) + shift, faces, coords, 0)
        for points, faces, coords in parts
    ]
    points = np.concatenate([part[0] for part in parts])
    reach = float(np.hypot(points[:, 0], points[:, 2]).max())
    return Thing(surfaces, material, np.asarray(middle), reach, float(points[:, 1].max()))


def _turn(angle: float) -> np.ndarray:
    return Rotation.from_euler('y', angle).as_matrix()


def make_seat(rng: np.random.Generator, person: Person) -> Thing | None:
    """Put a block, a chair or a stool under a sitting person; None for people who do not sit."""
    if person.seat_top is None:
        return None
    top, kind = max(person.seat_top, 0.08), rng.uniform()
    width, depth = rng.uniform(0.42, 1.2), rng.uniform(0.34, 0.42)
    back = person.joints[0] - person.heading[:, 2] * (depth / 2 - 0.14)
    if kind < 0.45:
        parts = [block((0, 0, 0), (width, top, depth))]
    elif kind < 0.8:
        parts = _chair(rng, top)
    else:
        parts = [cylinder(0.19, top)]
    return _place(parts, back[[0, 2]], person.heading, _stuff(rng))


def make_clutter(rng: np.random.Generator, people: list[Person], view: View) -> list[Thing]:
    """Place up to six things behind or beside the people."""
    things = []
    for _ in range(int(rng.integers(0, 7))):
        depth = rng.uniform(1.2, 9.0)
        middle = _on_floor(view, rng.uniform(-0.1, 1.1) * view.size[0], depth)
        thing = _place(_parts(rng), middle, _turn(rng.uniform(-np.pi, np.pi)), _stuff(rng))
        if _stands_free(thing, people, view) and not _hides_much(thing, people, view, 0.2):
            things.append(thing)
    return things


def _on_floor(view: View, column: float, depth: float) -> np.ndarray:
    """Return the place (x, z) on the floor in the direction of a pixel column, `depth` m away."""
    ray = view.rotation.T @ np.array(
        [(column - view.principal_point[0]) / view.focal_length, 0.0, 1.0]
    )
    flat = ray[[0, 2]] / max(np.hypot(ray[0], ray[2]), 1e-6)
    return view.position[[0, 2]] + depth * flat


def _stands_free(thing: Thing, people: list[Person], view: View) -> bool:
    """Tell whether nobody stands in a thing and it is not too near the camera."""
    near = min(view.to_camera(s.vertices)[:, 2].min() for s in thing.surfaces)
    return near > 0.3 and all(thing.is_clear_of(person) for person in people)


def _hides_much(thing: Thing, people: list[Person], view: View, limit: float) -> bool:
    """Tell whether a thing before somebody covers the head or more than a part of the joints."""
    corners = np.concatenate([view.project(s.vertices) for s in thing.surfaces])
    low, high = corners.min(0), corners.max(0)
    away = np.hypot(*(thing.middle - view.position[[0, 2]]))
    for person in people:
        if np.hypot(*(person.joints[0, [0, 2]] - view.position[[0, 2]])) < away:
            continue
        joints = view.project(person.joints[:24])
        hidden = ((joints > low) & (joints < high)).all(1)
        if hidden[_HEAD] or hidden.mean() > limit:
            return True
    return False


def make_occluder(rng: np.random.Generator, people: list[Person], view: View) -> Thing | None:
    """Put a thing between the camera and one of the people, in a part of the images."""
    if rng.uniform() > OCCLUDER_SHARE:
        return None
    target = people[int(rng.integers(len(people)))].joints[0, [0, 2]]
    ground = view.position[[0, 2]]
    away = np.hypot(*(ground - target))
    toward = (ground - target) / away
    for _ in range(_TRIES):
        shift = rng.uniform(-0.6, 0.6) * np.array([toward[1], -toward[0]])
        middle = target + rng.uniform(0.5, max(0.6, 0.65 * away)) * toward + shift
        heading = _turn(np.arctan2(*toward) + rng.uniform(-0.6, 0.6))
        thing = _place(_parts(rng, _FURNITURE), middle, heading, _stuff(rng))
        if not _stands_free(thing, people, view):
            continue
        if not _hides_much(thing, people, view, MAX_HIDDEN_JOINTS):
            return thing
    return None
