"""Clothes as vertex colors: skin, hair, shirt, trousers and shoes by body part.

Parts follow the skinning weights and the places along the limbs of the unposed template.
"""

from __future__ import annotations

import numpy as np

from synthetic_humans.body import SyntheticBody

SKINS = ((255, 219, 190), (240, 194, 160), (214, 160, 120), (170, 115, 80), (120, 78, 54))
HAIRS = ((30, 24, 20), (62, 42, 28), (110, 76, 44), (196, 160, 100), (150, 146, 142), (120, 50, 26))
SHOES = ((28, 28, 30), (236, 236, 232), (92, 60, 38), (60, 70, 90), (170, 40, 40))
TROUSERS = ((44, 58, 92), (30, 32, 36), (120, 108, 88), (88, 96, 84), (150, 150, 155), (86, 56, 44))

_HEAD, _NECK = 15, 12
_ARM = (13, 14, 16, 17, 18, 19, 20, 21, 22, 23)
_LEG = (1, 2, 4, 5, 7, 8, 10, 11)


def _vary(rng: np.random.Generator, color: tuple, spread: float = 14.0) -> np.ndarray:
    """Return a color near an RGB of 0..255, as RGB in 0..1."""
    return np.clip(np.asarray(color) + rng.normal(0, spread, 3), 6, 250) / 255


def _pick(rng: np.random.Generator, palette: tuple) -> np.ndarray:
    return _vary(rng, palette[int(rng.integers(len(palette)))], 8.0)


def _cloth(rng: np.random.Generator) -> np.ndarray:
    """Return any dye: hue free, mostly muted."""
    hue, chroma, value = rng.uniform(0, 6), rng.beta(1.6, 2.2), rng.uniform(0.25, 0.95)
    ramp = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return value * (1 - chroma * (1 - ramp))


def _fraction(values: np.ndarray, start: float, stop: float) -> np.ndarray:
    return (values - start) / (stop - start)


class Wardrobe:
    """Knows where the sleeves, legs, hair and shoes of a body are.

    Args:
        body: the body to dress.
    """

    def __init__(self, body: SyntheticBody) -> None:
        joints, points = body.rest_joints, body.template
        part = body.weights.argmax(1)
        self._points = points
        self._on_arm = np.isin(part, _ARM)
        self._on_leg = np.isin(part, _LEG)
        self._on_head = np.isin(part, (_HEAD, _NECK))
        wide = np.abs(points[:, 0])
        self._along_arm = _fraction(wide, abs(joints[16, 0]), abs(joints[20, 0]))
        self._along_leg = _fraction(points[:, 1], joints[1, 1], joints[7, 1])
        self._along_torso = _fraction(points[:, 1], joints[1, 1], joints[12, 1])
        marks = {name: points[index] for name, index in body.landmarks.items()}
        self._hair = self._hair_cap(marks, points)
        eyes = np.stack([marks['reye'], marks['leye']])
        gaps = np.linalg.norm(points[:, None] - eyes, axis=2).min(1)
        self._eyes = gaps < 0.011

    def _hair_cap(self, marks: dict, points: np.ndarray) -> np.ndarray:
        """Mark the vertices under the hair: above the forehead, and behind the ears."""
        top = points[:, 1].max()
        eye = (marks['reye'] + marks['leye']) / 2
        ear = (marks['rear'] + marks['lear']) / 2
        above = points[:, 1] > eye[1] + 0.48 * (top - eye[1])
        behind = (points[:, 2] < ear[2] - 0.012) & (points[:, 1] > ear[1] - 0.055)
        temples = (points[:, 2] < ear[2] + 0.02) & (points[:, 1] > eye[1] + 0.02)
        return self._on_head & (above | behind | temples)

    def dress(self, rng: np.random.Generator) -> np.ndarray:
        """Draw the colors (V, 3) of one person, RGB in 0..1."""
        skin = _pick(rng, SKINS)
        colors = np.broadcast_to(skin, self._points.shape).copy()
        hem = rng.uniform(0.02, 0.16)
        sleeve = rng.choice([0.08, 0.45, 0.6, 0.97], p=[0.1, 0.45, 0.1, 0.35])
        leg = rng.choice([0.38, 0.55, 0.98], p=[0.2, 0.15, 0.65])
        collar = rng.uniform(0.94, 1.06)
        trunk = ~self._on_arm & ~self._on_head
        shirt = trunk & (self._along_torso > hem) & (self._along_torso < collar)
        shirt |= self._on_arm & (self._along_arm < sleeve)
        trousers = trunk & (self._along_torso <= hem) & (self._along_leg < leg)
        colors[trousers] = _pick(rng, TROUSERS) if rng.uniform() < 0.75 else _cloth(rng)
        colors[shirt] = self._shirt(rng)[shirt]
        if rng.uniform() < 0.9:
            colors[self._on_leg & (self._along_leg > 0.955)] = _pick(rng, SHOES)
        if rng.uniform() < 0.93:
            colors[self._hair] = _pick(rng, HAIRS)
        colors[self._eyes] = 0.35 * skin
        return colors

    def _shirt(self, rng: np.random.Generator) -> np.ndarray:
        """Draw the colors (V, 3) of a shirt: plain, striped or in two halves."""
        first, second = _cloth(rng), _cloth(rng)
        colors = np.broadcast_to(first, self._points.shape).copy()
        style = rng.uniform()
        if style < 0.2:
            period = rng.uniform(0.08, 0.16)
            colors[(self._points[:, 1] / period) % 1 < 0.5] = second
        elif style < 0.3:
            colors[self._along_torso > rng.uniform(0.5, 0.75)] = second
        return colors
