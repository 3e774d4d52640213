"""A picture of three colors: turning, mirroring and swapped channels show."""

from __future__ import annotations

import numpy as np

WIDTH, HEIGHT = 64, 48


def three_colors() -> np.ndarray:
    """(48, 64, 3) uint8."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:24, :32], image[:24, 32:], image[24:, :32] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    return image


def close(a: np.ndarray, b: np.ndarray, tolerance: float = 40) -> bool:
    """Whether two pictures are the same but for what a lossy file loses."""
    return a.shape == b.shape and np.abs(a.astype(int) - b).mean() < tolerance / 8
