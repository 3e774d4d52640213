"""Boxes in the scene: seats, furniture, and things that stand between the camera and the person."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.backdrop import Place
from synthetic_humans.people import Person
from synthetic_humans.views import View

OCCLUDER_SHARE = 0.3
"""Part of the images in which something hides a part of the person."""
MAX_HIDDEN_JOINTS = 0.5
"""Largest part of SMPL's 24 joints that an occluder may hide."""

_HEAD = 15
_TRIES = 12
_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (0, 1) for z in (-0.5, 0.5)], float)
_SIDES = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)


@dataclass(frozen=True)
class Box:
    """A box on the floor: vertices (24, 3) m, world; faces (12, 3); color (3,) RGB 0..1."""

    vertices: np.ndarray
    faces: np.ndarray
    color: np.ndarray


def make_box(center: tuple[float, float], size: tuple, turn: np.ndarray, color: np.ndarray) -> Box:
    """Build a box with sharp edges (no shared vertices).

    Args:
        center: (x, z) of its middle on the floor, m.
        size: (width, height, depth), m.
        turn: (3, 3), rotation about the vertical.
        color: (3,), RGB in 0..1.
    """
    corners = (_CORNERS * size) @ turn.T + (center[0], 0.0, center[1])
    vertices = corners[_SIDES].reshape(-1, 3)
    first = 4 * np.arange(6)[:, None]
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])])
    return Box(vertices, faces, color)


def _random_color(rng: np.random.Generator) -> np.ndarray:
    return np.clip(rng.uniform(0.2, 0.9) + rng.uniform(-0.18, 0.18, 3), 0.03, 1)


def _turn(angle: float) -> np.ndarray:
    return Rotation.from_euler('y', angle).as_matrix()


def make_seat(rng: np.random.Generator, person: Person) -> Box | None:
    """Put a block under a sitting person; None for people who do not sit."""
    if person.seat_top is None:
        return None
    pelvis = person.joints[0]
    width, depth = rng.uniform(0.42, 0.7), rng.uniform(0.34, 0.42)
    back = pelvis - person.facing[:, 2] * (depth / 2 - 0.14)
    size = width, person.seat_top, depth
    return make_box((back[0], back[2]), size, person.facing, _random_color(rng))


def make_furniture(rng: np.random.Generator, place: Place, view: View) -> list[Box]:
    """Place up to three boxes behind or beside the person, inside the room."""
    boxes = []
    for _ in range(int(rng.integers(0, 4))):
        x, z = rng.uniform(-3.5, 3.5), rng.uniform(-4.0, -0.9)
        size = rng.uniform(0.3, 1.2), rng.uniform(0.3, 1.6), rng.uniform(0.3, 0.6)
        margin = 0.75
        walls = place.walls
        inside = all(w[0] * x + w[1] * z > margin - w[2] for w in walls)
        box = make_box((x, z), size, _turn(rng.uniform(-0.5, 0.5)), _random_color(rng))
        if inside and abs(x) + abs(z) > 1.3 and view.to_camera(box.vertices)[:, 2].min() > 0.3:
            boxes.append(box)
    return boxes


def _hides_a_fair_part(box: Box, person: Person, view: View) -> bool:
    """Tell whether a box in front hides something, but neither the head nor most of the joints."""
    local = view.to_camera(box.vertices)
    if local[:, 2].min() < 0.3:
        return False
    outline = cv2.convexHull(view.project(box.vertices).astype(np.float32))
    joints = view.project(person.joints[:24]).astype(np.float32)
    hidden = np.array(
        [cv2.pointPolygonTest(outline, tuple(map(float, joint)), False) >= 0 for joint in joints]
    )
    inside = ((joints >= 0) & (joints < view.size)).all(1)
    share = (hidden & inside).sum() / max(inside.sum(), 1)
    return not hidden[_HEAD] and 0 < share <= MAX_HIDDEN_JOINTS


def make_occluder(rng: np.random.Generator, person: Person, view: View) -> Box | None:
    """Put a counter or a pillar between the camera and the person in a part of the images."""
    if rng.uniform() > OCCLUDER_SHARE:
        return None
    target = person.joints[0] * (1, 0, 1)
    ground = view.position * (1, 0, 1)
    away = np.linalg.norm(ground - target)
    toward = (ground - target) / away
    across = np.array([toward[2], 0.0, -toward[0]])
    for _ in range(_TRIES):
        gap = rng.uniform(0.75, max(0.8, 0.6 * away))
        if rng.uniform() < 0.6:
            size = rng.uniform(0.5, 1.6), rng.uniform(0.4, 1.1), rng.uniform(0.3, 0.6)
        else:
            size = rng.uniform(0.15, 0.4), rng.uniform(1.6, 2.4), rng.uniform(0.15, 0.4)
        center = target + gap * toward + rng.uniform(-0.6, 0.6) * across
        heading = _turn(np.arctan2(toward[0], toward[2]) + rng.uniform(-0.4, 0.4))
        box = make_box((center[0], center[2]), size, heading, _random_color(rng))
        if _hides_a_fair_part(box, person, view):
            return box
    return None
