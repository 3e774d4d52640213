"""One-Euro filter (Casiez et al., CHI 2012) of vectors, and of rotations along geodesics."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SPEED_CUTOFF_HZ = 1.0
"""Of the low-pass filter of the speed; the paper's value."""


@dataclass(frozen=True)
class Space:
    """Where values live.

    Attributes:
        difference: (..., D) tangent vector that leads from a first value to a second.
        moved: value that a tangent vector leads to from a value.
    """

    difference: Callable[[np.ndarray, np.ndarray], np.ndarray]
    moved: Callable[[np.ndarray, np.ndarray], np.ndarray]


def _between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(np.swapaxes(start, -1, -2) @ end).as_rotvec()


def _turned(start: np.ndarray, turn: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return start @ Rotation.from_rotvec(turn).as_matrix()


VECTORS = Space(lambda start, end: end - start, lambda start, step: start + step)
ROTATIONS = Space(_between, _turned)
"""Matrices (J, 3, 3) and rotation vectors (J, 3) rad, of SO(3)."""


class OneEuroFilter:
    """A low-pass filter whose cutoff rises with speed: still values rest, fast ones do not lag.

    ``cutoff = min_cutoff + slope |speed|``; the next value is the share
    ``1 / (1 + 1 / (2 pi cutoff dt))`` of the way from the last one to what is measured, along the
    geodesic of the space.

    Args:
        min_cutoff: of values at rest, Hz.
        slope: Hz per unit of speed.
        space: of the values.
    """

    def __init__(self, min_cutoff: float, slope: float, space: Space = VECTORS) -> None:
        self.min_cutoff, self.slope, self.space = min_cutoff, slope, space
        self._measured: np.ndarray | None = None

    def __call__(self, value: np.ndarray, dt: float, scale: float = 1.0) -> np.ndarray:
        """The filtered value, of the same shape.

        Args:
            value: what is measured.
            dt: s since the value before.
            scale: units of speed per unit of the space and second.
        """
        if self._measured is None:
            self._measured = self._filtered = value
            self._speed = np.zeros_like(self.space.difference(value, value))
            return value
        speed = self.space.difference(self._measured, value) / dt
        self._speed = self._speed + _share(SPEED_CUTOFF_HZ, dt) * (speed - self._speed)
        size = scale * np.linalg.norm(self._speed, axis=-1, keepdims=True)
        step = self.space.difference(self._filtered, value)
        share = _share(self.min_cutoff + self.slope * size, dt)
        self._measured, self._filtered = value, self.space.moved(self._filtered, share * step)
        return self._filtered


def _share(cutoff: np.ndarray | float, dt: float) -> np.ndarray | float:
    return 1 / (1 + 1 / (2 * math.pi * cutoff * dt))
