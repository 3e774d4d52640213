"""Whether boxes and cameras are pixels of their image, asked alike by training and inference."""

from __future__ import annotations

import numpy as np

MIN_BOX_PX = 2.0
"""Below, a box shows no person."""
MAX_BOX = 20.0
"""Sides of a box, in longer sides of the image: beyond, a crop shows a few pixels of image."""
MIN_FOCAL, MAX_FOCAL = 0.1, 1000.0
"""Focal lengths in longer sides of the image: fields of view of 157 and 0.06 degrees."""

SQUARE = 0.01
"""Difference of the sides of a square, as a share of them, at most."""
MAX_LEFT_OUT = 0.01
"""Part of a side that an image may lack of the annotated one."""
MAX_OFF_CENTER = 20.0
"""Distance of a principal point from the middle of the image, in longer sides of it: images may be
cut out of larger ones, at their border."""


def are_squares(box_size: np.ndarray) -> np.ndarray:
    """Which boxes (N, 2), pixels, are squares but for rounding (N)."""
    return np.abs(box_size[:, 0] - box_size[:, 1]) <= SQUARE * box_size.max(1)


def box_problem(box: np.ndarray, size: np.ndarray) -> str | None:
    """Why a box cannot be of a person in an image; None if it can.

    Args:
        box: (4) x, y, w, h px.
        size: (2) width and height of the image, px.
    """
    (x, y, w, h), (width, height) = np.asarray(box, np.float64), np.asarray(size, np.float64)
    image, most = f'{width:.0f}x{height:.0f} image', MAX_BOX * max(width, height)
    if not np.isfinite([x, y, w, h]).all():
        return f'the box is {x:.4g}, {y:.4g}, {w:.4g}, {h:.4g}, expected finite x, y, w, h'
    if min(w, h) < MIN_BOX_PX or max(w, h) > most:
        return (
            f'the box is {w:.4g} x {h:.4g} px, expected between {MIN_BOX_PX:.0f} and {most:.0f} '
            f'px of the {image}'
        )
    if min(x + w, y + h) <= 0 or x >= width or y >= height:
        return f'the box ({x:.0f}, {y:.0f})-({x + w:.0f}, {y + h:.0f}) lies outside the {image}'
    return None


def focal_problem(focal_length: float, size: np.ndarray) -> str | None:
    """Why a focal length, px, cannot be of an image of ``size`` (2) px; None if it can."""
    side = float(np.max(size))
    if MIN_FOCAL * side <= focal_length <= MAX_FOCAL * side:
        return None
    return (
        f'the focal length is {focal_length:.4g}, expected between {MIN_FOCAL * side:.4g} and '
        f'{MAX_FOCAL * side:.4g} px of the {size[0]:.0f}x{size[1]:.0f} image (millimeters and '
        'fractions of the width are to be converted to pixels)'
    )


def center_problem(center: np.ndarray, size: np.ndarray) -> str | None:
    """Why a principal point (2) px cannot be of an image of ``size`` (2) px; None if it can: also
    beside the image, which may be cut out of a larger one."""
    x, y = np.asarray(center, np.float64)
    image = f'{size[0]:.0f}x{size[1]:.0f} image'
    if min(x, y) >= 0 and max(x, y) <= 1 < min(size):
        return f'the principal point is ({x:g}, {y:g}), expected pixels of the {image}'
    if max(abs(np.array([x, y]) - np.asarray(size) / 2)) > MAX_OFF_CENTER * max(size):
        return (
            f'the principal point is ({x:.4g}, {y:.4g}), far from the {image}, expected pixels of '
            'it'
        )
    return None


def size_problem(annotated: np.ndarray, size: np.ndarray) -> str | None:
    """Why an image of ``size`` (2) px cannot be the one of an annotated size (2) px; None if it
    can, but for rows or columns that a decoder leaves out, or if that is 0, unknown."""
    annotated = np.asarray(annotated, np.float64)
    if not annotated.all() or (np.abs(annotated - size) <= MAX_LEFT_OUT * annotated).all():
        return None
    return (
        f'the image has {size[0]:.0f}x{size[1]:.0f} px, and is annotated as one of '
        f'{annotated[0]:.0f}x{annotated[1]:.0f}'
    )


def sticks_out_unless_corners(boxes: np.ndarray, size: np.ndarray, slack: float) -> np.ndarray:
    """Boxes that leave the image as x, y, w, h and lie in it as x1, y1, x2, y2.

    Args:
        boxes: (N, 4) px.
        size: (2) or (N, 2) width and height of the images, px.
        slack: sides of the image, from the corner at the top left, that a box may reach to.

    Returns:
        (N) bool.
    """
    far = boxes[:, :2] + boxes[:, 2:]
    return could_be_corners(boxes, size) & (far > slack * size).any(1)


def could_be_corners(boxes: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) px that are x1, y1, x2, y2 in images of ``size`` (2) or (N, 2), as far as one
    can see."""
    return (boxes[:, 2:] > boxes[:, :2]).all(1) & (boxes[:, 2:] <= size + 1).all(1)
