"""Numbers of the people in a video by SORT.

SORT (Bewley et al., ICIP 2016) is the one of ``ioutrack-rs``: 0.5 MB of Rust, with wheels for Linux
and Python 3.9 to 3.12, without dependencies and for numpy 1 and 2, which says what box a track has
taken. The tracks of ``norfair`` need numpy 1, those of ``trackers`` numpy 2 and Python 3.10, and
``supervision`` has given up its own; those of ``similari`` stand still while a person is hidden.
"""

from __future__ import annotations

import numpy as np
from ioutrack import Sort

FORGET_AFTER = 30
"""Frames that a person may be out of sight and keep the number; motion goes on meanwhile."""
MIN_OVERLAP = 0.1
"""Intersection over union of a box with the one that a track expects there."""
ORIGIN_PX = 10_000
"""Added to places: ``ioutrack`` 0.4 forgets a person whose box begins at exactly 0."""


class BoxTracker:
    """Numbers from 0 that stay with a person from frame to frame."""

    def __init__(self) -> None:
        self._sort = Sort(max_age=FORGET_AFTER, min_hits=0, iou_threshold=MIN_OVERLAP)

    def update(self, boxes: np.ndarray) -> np.ndarray:
        """Numbers (n) int64 of the persons of the next frame.

        Args:
            boxes: (n, 4) x, y, w, h px.
        """
        low = boxes[:, :2] + ORIGIN_PX
        rows = np.hstack([low, low + boxes[:, 2:], np.ones((len(boxes), 1))])
        tracks = self._sort.update(rows, return_all=False, return_indices=True)
        numbers = np.empty(len(boxes), np.int64)
        numbers[tracks[:, 5].astype(int)] = tracks[:, 4] - 1
        return numbers
