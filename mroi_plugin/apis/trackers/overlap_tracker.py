"""Identities of people over frames by the overlap of their boxes."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

MIN_OVERLAP = 0.2
FORGET_AFTER = 30
"""Frames."""


class Tracks:
    """Numbers that stay with a person from frame to frame.

    A box takes the number of the box that it overlaps most in the frame where that person was last
    seen, at most ``FORGET_AFTER`` frames ago; otherwise a new one.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, np.ndarray]] = {}
        self._next = self._frame = 0

    def update(self, boxes: np.ndarray) -> list[int]:
        """Numbers of the persons of the next frame.

        Args:
            boxes: (n, 4) x, y, w, h px.
        """
        self._frame += 1
        known = [k for k, (frame, _) in self._last.items() if self._frame - frame <= FORGET_AFTER]
        numbers = [-1] * len(boxes)
        if known and len(boxes):
            overlap = intersection_over_union(boxes, np.stack([self._last[k][1] for k in known]))
            for i, j in zip(*linear_sum_assignment(-overlap)):
                if overlap[i, j] >= MIN_OVERLAP:
                    numbers[i] = known[j]
        for i, box in enumerate(boxes):
            if numbers[i] < 0:
                numbers[i], self._next = self._next, self._next + 1
            self._last[numbers[i]] = self._frame, np.asarray(box)
        return numbers


def intersection_over_union(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) in 0..1 of boxes (n, 4) and (m, 4), x, y, w, h."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    common = (high - low).clip(0).prod(-1)
    return common / (a[:, 2:].prod(1)[:, None] + b[:, 2:].prod(1)[None] - common)
