"""Where sleeves, legs, hair and shoes of a body are: fields and coordinates on its template.

A field (V,) is positive, in meters, within the hems of a garment, see `surfaces.cut`.
"""

from __future__ import annotations

import numpy as np

from synthetic_humans.body import SyntheticBody
from synthetic_humans.materials import NOISE, SIDE
from synthetic_humans.outfits import Garment

_HIDDEN_M = 0.035
"""Skin that lies so far within a hem is not drawn."""
_FLARE_M = 0.3
"""How far above its hem a garment begins to widen."""
_OUTSIDE_M = -0.02


class Regions:
    """The places of a body that clothes, hair and a face cover.

    Args:
        body: the body to dress.

    Attributes:
        coords: (V, 4), where vertices lie on cloth, about the axis of their limb and along it.
        is_face: (F,) bool, faces that are painted.
    """

    def __init__(self, body: SyntheticBody) -> None:
        template, part = body.template, body.weights.argmax(1)
        self._template, self._faces = template, body.faces
        self._arm = np.isin(part, (16, 17, 18, 19, 20, 21, 22, 23))
        self._head = part == 15
        self.coords = self._limb_coords(body.rest_joints)
        front = self._head & (template[:, 2] > 0.03) & (template[:, 1] > 0.58)
        self.is_face = front[body.faces].all(1)

    def _limb_coords(self, joints: np.ndarray) -> np.ndarray:
        x, y, z = self._template.T
        leg = ~self._arm & (y < -0.07)
        middle = np.where(leg, np.sign(x) * joints[4, 0], 0.0)
        p = np.where(self._arm, y - joints[16, 1], x - middle)
        q = np.where(self._arm, z - joints[16, 2], z)
        along = np.where(self._arm, np.abs(x), y)
        radius = np.where(self._arm, 0.05, np.where(leg, 0.08, 0.15))
        return np.stack([p, q, along, radius], 1)

    def garment(self, garment: Garment) -> np.ndarray:
        """Return the field (V,) of a shirt, a jacket or trousers."""
        x, y, z = self._template.T
        field = np.minimum(y - garment.low, garment.high - y)
        if not garment.neck:
            return np.where(self._arm, _OUTSIDE_M, field)
        field = np.minimum(field, garment.sleeve - np.abs(x))
        gap = np.sqrt(x**2 + (y - 0.585) ** 2 + (0.9 * (z - 0.02)) ** 2)
        field = np.minimum(field, gap - garment.neck)
        if garment.opening:
            front = np.abs(x) - garment.opening / 2 * (0.8 + 0.8 * y)
            field = np.where(z > 0.0, np.minimum(field, front), field)
        return np.where(self._head, _OUTSIDE_M, field)

    def shoes(self, shoes: Garment) -> np.ndarray:
        """Return the field (V,) of shoes."""
        return np.where(self._arm, _OUTSIDE_M, shoes.high - self._template[:, 1])

    def hair(self, rise: float, tilt: float) -> np.ndarray:
        """Return a field (V,) above a plane that falls from the forehead to the nape.

        Args:
            rise: height of the plane above the hairline, m.
            tilt: slope of the plane; 0.7 runs from the forehead to the nape.
        """
        x, y, z = self._template.T
        field = (y - 0.755 - rise) - tilt * (z - 0.13) - 1.2 * np.clip(np.abs(x) - 0.07, 0, None)
        return np.minimum(field, y - 0.6)

    def lie_within(self, field: np.ndarray) -> np.ndarray:
        """Tell which faces (F,) lie so far within a field (V,) that they are not drawn."""
        deep = field > _HIDDEN_M
        a, b, c = self._faces.T
        return deep[a] & deep[b] & deep[c]

    def folds(self, rng: np.random.Generator) -> np.ndarray:
        """Draw folds (V,) of zero mean and unit deviation, which run around and along the limbs."""
        p, q, along, radius = self.coords.T
        tile = NOISE[int(rng.integers(1, 8))]
        u = (np.arctan2(p, q) * radius / 0.35 + rng.uniform()) * SIDE
        v = (along * rng.uniform(1.0, 2.6) / 0.35 + rng.uniform()) * SIDE + 0.4 * u
        return tile[v.astype(int) % SIDE, u.astype(int) % SIDE]

    def offsets(self, rng: np.random.Generator, garment: Garment) -> np.ndarray:
        """Return the distance (V,) of a garment from the skin, m: wider at the hems, with folds."""
        x, y = self._template[:, 0], self._template[:, 1]
        hem = np.where(self._arm, garment.sleeve - np.abs(x), y - garment.low)
        wide = np.clip(1 - hem / _FLARE_M, 0, 1) * (0.6 if garment.neck else 1.0)
        offsets = garment.offset + garment.flare * wide + garment.folds * self.folds(rng)
        return np.clip(offsets, 0.4 * garment.offset, None)
