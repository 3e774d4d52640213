"""Surfaces that leave the body: skirts, which bridge the legs, long hair, brims of hats.

They are built about the unposed body of a person and moved by the joints, the middle of a skirt by
both legs alike.
"""

from __future__ import annotations

import numpy as np

from synthetic_humans.body import SyntheticBody, skin
from synthetic_humans.outfits import Skirt
from synthetic_humans.people import Person
from synthetic_humans.surfaces import Surface, grid_faces, plain_surface

_COLUMNS = 40
_RING_M = 0.045


def _step(values: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Rise smoothly from 0 at `start` to 1 at `stop`."""
    t = np.clip((values - start) / (stop - start), 0, 1)
    return t * t * (3 - 2 * t)


def _radii(
    points: np.ndarray, angles: np.ndarray, heights: np.ndarray, axis_z: float
) -> np.ndarray:
    """Return the reach (R, A) of points (P, 3) about a vertical axis, by height and direction."""
    reach = np.einsum('p,a->pa', points[:, 0], np.sin(angles))
    reach += np.einsum('p,a->pa', points[:, 2] - axis_z, np.cos(angles))
    near = np.abs(points[:, 1, None] - heights) < 0.7 * _RING_M
    return np.stack([reach[near[:, r]].max(0, initial=0.0) for r in range(len(heights))])


def _ring_points(
    radii: np.ndarray, angles: np.ndarray, heights: np.ndarray, z: float
) -> np.ndarray:
    """Return the vertices (R A, 3) of rings."""
    x, depth = radii * np.sin(angles), z + radii * np.cos(angles)
    y = np.broadcast_to(heights[:, None], radii.shape)
    return np.stack([x, y, depth], -1).reshape(-1, 3)


def _leg_weights(points: np.ndarray, scale: float) -> np.ndarray:
    """Return the weights (P, 24) of a skirt's vertices: pelvis, then both thighs, then shanks."""
    x, y = points[:, 0], points[:, 1] / scale
    left = 1 / (1 + np.exp(-x / 0.045))
    leg, shank = _step(-y, 0.0, 0.16), 0.75 * _step(-y, 0.36, 0.62)
    spine = _step(y, 0.02, 0.12)
    weights = np.zeros((len(points), 24))
    weights[:, 3], weights[:, 0] = spine * (1 - leg), (1 - spine) * (1 - leg)
    for side, hip, knee in ((left, 1, 4), (1 - left, 2, 5)):
        weights[:, hip], weights[:, knee] = side * leg * (1 - shank), side * leg * shank
    return weights


def make_skirt(
    rng: np.random.Generator, skirt: Skirt, person: Person, body: SyntheticBody, rest: np.ndarray
) -> Surface:
    """Hang a skirt on a person, in the world.

    Args:
        rng: draws where its pleats are.
        skirt: its cut.
        person: who wears it.
        body: gives the weights.
        rest: (V, 3) m, the unposed body of the person.
    """
    scale = np.ptp(rest[:, 1]) / np.ptp(body.template[:, 1])
    heights = np.arange(skirt.high, skirt.low, -_RING_M) * scale
    angles = np.arange(_COLUMNS) * 2 * np.pi / _COLUMNS
    below = rest[np.abs(body.template[:, 0]) < 0.3]
    radii = _radii(below, angles, heights, 0.0)
    hips = heights < 0.02
    radii[hips] = np.maximum.accumulate(radii[hips], 0)
    depth = np.clip(-heights / scale, 0, None)[:, None]
    waves = np.sin(skirt.pleats * angles + rng.uniform(0, 6)) + 0.5 * np.sin(
        (skirt.pleats // 2 + 1) * angles + rng.uniform(0, 6)
    )
    radii = radii + skirt.ease + depth * (skirt.flare + skirt.pleat * waves)
    points = _ring_points(radii, angles, heights, 0.0)
    moved = skin(points, _leg_weights(points, scale), person.transforms)
    along = points[:, 1] / scale
    coords = np.stack([points[:, 0], points[:, 2], along, np.full(len(points), 0.16)], 1)
    faces = grid_faces(len(heights), _COLUMNS, True)
    return plain_surface(moved, faces, coords, 0, two_sided=True)


def make_long_hair(
    rng: np.random.Generator, person: Person, body: SyntheticBody, rest: np.ndarray
) -> Surface:
    """Let hair fall from a person's head down to the neck or the back, in the world."""
    scale = np.ptp(rest[:, 1]) / np.ptp(body.template[:, 1])
    head = rest[body.weights.argmax(1) == 15]
    crown, middle = head[:, 1].max(), (head[:, 2].min() + head[:, 2].max()) / 2 - 0.01
    heights = np.arange(crown - 0.05, (crown - rng.uniform(0.2, 0.48) * scale), -0.03 * scale)
    width = np.radians(rng.uniform(85, 118))
    angles = np.pi + np.linspace(-width, width, 24)
    radii = _radii(head, angles, heights, middle)
    radii[heights < crown - 0.12] = 0
    radii = 0.97 * np.maximum.accumulate(radii, 0) + rng.uniform(0.004, 0.016)
    fall = np.clip(crown - 0.2 * scale - heights, 0, None)[:, None]
    radii = radii * (1 - rng.uniform(0.0, 1.0) * fall) + rng.uniform(0, 0.12) * fall
    radii += 0.006 * np.sin(9 * angles + rng.uniform(0, 6))
    points = _ring_points(radii, angles, heights, middle)
    weights, low = np.zeros((len(points), 24)), _step(crown - points[:, 1], 0.22, 0.5)
    weights[:, 15], weights[:, 12], weights[:, 9] = 1 - low, 0.4 * low, 0.6 * low
    moved = skin(points, weights, person.transforms)
    coords = np.stack(
        [points[:, 0], points[:, 2] - middle, points[:, 1], np.full(len(points), 0.1)], 1
    )
    return plain_surface(moved, grid_faces(len(heights), 24, False), coords, 0, two_sided=True)


def make_brim(
    rng: np.random.Generator, person: Person, half: float, plane: tuple, shift: np.ndarray
) -> Surface:
    """Put a brim on a person's head, in the world.

    Args:
        rng: draws its width.
        person: who wears it.
        half: half of the angle that it spans, radians; pi goes all around.
        plane: rise and tilt of the lower edge of the hat, see `Regions.hair`.
        shift: (3,) m, from the template's head to the person's.
    """
    rise, tilt = plane
    angles, rows = np.linspace(-half, half, 25), np.array([0.0, 0.4, 0.8]) * rng.uniform(0.6, 1.1)
    narrow = np.ones(25) if half == np.pi else np.cos(angles / half * 1.45)
    reach = 0.92 + rows[:, None] * narrow
    x, z = reach * 0.09 * np.sin(angles), 0.02 + reach * 0.11 * np.cos(angles)
    y = 0.757 + rise + tilt * (z - 0.13) - 0.02 * rng.uniform() * (reach - 0.92)
    points = np.stack([x, y, z], -1).reshape(-1, 3) + shift
    weights = np.zeros((len(points), 24))
    weights[:, 15] = 1
    moved = skin(points, weights, person.transforms)
    coords = np.tile([0.0, 0.1, 0.0, 0.1], (len(points), 1))
    return plain_surface(moved, grid_faces(3, 25, False), coords, 0, two_sided=True)
