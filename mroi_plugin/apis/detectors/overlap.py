"""Overlap of boxes, by which detectors are measured."""

from __future__ import annotations

import numpy as np


def intersection_over_union(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) in 0..1 of boxes (n, 4) and (m, 4), x, y, w, h."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    common = (high - low).clip(0).prod(-1)
    return common / (a[:, 2:].prod(1)[:, None] + b[:, 2:].prod(1)[None] - common)
