"""Boxes and focal lengths that no image of a person can have: one rule for training and
inference."""

from __future__ import annotations

import numpy as np

from mroi_plugin.cameras import default_focal_length

MIN_BOX_PX = 2.0
"""Below, a box shows no person."""
MAX_BOX = 20.0
"""Sides of a box, in longer sides of the image: beyond, a crop shows a few pixels of image."""
MIN_FOCAL, MAX_FOCAL = 0.1, 1000.0
"""Focal lengths in diagonals of the image: 157 degrees from corner to corner, and 3.4 minutes."""


def box_error(center: np.ndarray, sides: np.ndarray, size: np.ndarray) -> str | None:
    """What is wrong with a box, None if nothing is.

    Args:
        center: (2) px of the image.
        sides: (2) width and height, px.
        size: (w, h) px of the image.
    """
    most = MAX_BOX * max(size)
    sized = sides.min() >= MIN_BOX_PX and sides.max() <= most
    if not (sized and np.isfinite(center).all()):
        return (
            f'the box is {sides[0]:.4g} x {sides[1]:.4g} px, expected between {MIN_BOX_PX:.0f} and '
            f'{most:.0f} px of the {size[0]:.0f}x{size[1]:.0f} image'
        )
    low, high = center - sides / 2, center + sides / 2
    if high.min() <= 0 or (low >= size).any():
        return (
            f'the box ({low[0]:.0f}, {low[1]:.0f})-({high[0]:.0f}, {high[1]:.0f}) lies outside the '
            f'{size[0]:.0f}x{size[1]:.0f} image'
        )
    return None


def focal_length_error(focal_length: float, size: np.ndarray) -> str | None:
    """What is wrong with a focal length, None if nothing is.

    Args:
        focal_length: px.
        size: (w, h) px of the image.
    """
    diagonal = float(default_focal_length(np.asarray(size, np.float64)))
    if MIN_FOCAL <= focal_length / diagonal <= MAX_FOCAL:
        return None
    return (
        f'a focal length of {focal_length:.4g} px, expected between {MIN_FOCAL * diagonal:.4g} and '
        f'{MAX_FOCAL * diagonal:.4g} px in an image of {size[0]:.0f}x{size[1]:.0f}'
    )
