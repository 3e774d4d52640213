"""Numbers of the people whose boxes a user gives, maybe every so many frames only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mroi_plugin.apis.trackers.box_tracker import BoxTracker

MAX_SPEED = 0.2
"""Heights of a person per frame: 8 m/s at 25 frames per second."""
MAX_GROWTH = 1.5
"""Ratio of the sizes of a person's boxes, one after the other."""


@dataclass(frozen=True)
class _Seen:
    """Where a person was last: center (2) and longer side px, and motion (2) px per frame."""

    frame: int
    center: np.ndarray
    size: float
    motion: np.ndarray


class KeyframeTracker:
    """A `BoxTracker` whose new persons take the numbers of those who were last seen frames ago.

    A tracker that goes by overlap loses a person of whom it has one box, and no motion yet, before
    the next one. Those are joined who are nearest to where they go, in sizes, all together.

    Args:
        reach: frames from one box of a person to the next at most.
    """

    def __init__(self, reach: int) -> None:
        self._tracker, self._reach, self._frame = BoxTracker(), reach, 0
        self._numbers: dict[int, int] = {}
        self._last: dict[int, _Seen] = {}

    def update(self, boxes: np.ndarray) -> np.ndarray:
        """See `BoxTracker.update`."""
        self._frame += 1
        tracks = self._tracker.update(boxes).tolist()
        new = [i for i, track in enumerate(tracks) if track not in self._numbers]
        here = {self._numbers.get(track) for track in tracks}
        lost = [
            number
            for number, seen in self._last.items()
            if number not in here and 1 < self._frame - seen.frame <= self._reach
        ]
        for i, number in self._joined(boxes, new, lost).items():
            self._numbers[tracks[i]] = number
        for i in new:
            self._numbers.setdefault(tracks[i], 1 + max(self._numbers.values(), default=-1))
        numbers = [self._numbers[track] for track in tracks]
        for number, box in zip(numbers, boxes):
            self._last[number] = self._seen(number, box)
        return np.array(numbers, np.int64)

    def _seen(self, number: int, box: np.ndarray) -> _Seen:
        center, before = box[:2] + box[2:] / 2, self._last.get(number)
        motion = np.zeros(2)
        if before is not None:
            motion = (center - before.center) / (self._frame - before.frame)
        return _Seen(self._frame, center, float(box[2:].max()), motion)

    def _joined(self, boxes: np.ndarray, new: list[int], lost: list[int]) -> dict[int, int]:
        """Numbers of lost persons by the places of new boxes."""
        if not (new and lost):
            return {}
        from scipy.optimize import linear_sum_assignment  # slow to import, and seldom used

        before = [self._last[number] for number in lost]
        waited = np.array([self._frame - seen.frame for seen in before])
        centers = np.stack([seen.center for seen in before])
        expected = centers + waited[:, None] * np.stack([seen.motion for seen in before])
        found = (boxes[new, :2] + boxes[new, 2:] / 2)[:, None]
        sizes, old_sizes = boxes[new, 2:].max(1)[:, None], np.array([seen.size for seen in before])
        scale = np.sqrt(sizes * old_sizes)
        speeds = np.linalg.norm(found - centers, axis=2) / (scale * waited)
        growth = np.maximum(sizes / old_sizes, old_sizes / sizes)
        allowed = (speeds <= MAX_SPEED) & (growth <= MAX_GROWTH)
        costs = np.linalg.norm(found - expected, axis=2) / scale
        rows, columns = linear_sum_assignment(np.where(allowed, costs, 1e6))
        return {new[i]: lost[j] for i, j in zip(rows, columns) if allowed[i, j]}
