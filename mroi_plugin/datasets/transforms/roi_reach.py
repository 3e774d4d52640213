"""Keeping RoIs in touch with the image: one that shows none of it is a black crop."""

from __future__ import annotations

import cv2
import numpy as np

MIN_SHARE = 0.05
"""Share of a crop that must show the image, at the least."""
UNIT_SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far a RoI is pulled, from where it should be to the nearest point of the image."""


def shown_share(crop_to_image: np.ndarray, crop_size: tuple[int, int], image: np.ndarray) -> float:
    """Share of a crop's area on which the image is seen.

    Args:
        crop_to_image: affine (2, 3), pixels.
        crop_size: (w, h) px.
        image: (w, h) px.
    """
    corners = UNIT_SQUARE * crop_size - 0.5
    seen = (corners @ crop_to_image[:, :2].T + crop_to_image[:, 2] + 0.5).astype(np.float32)
    if seen.min() >= 0 and (seen <= image).all():
        return 1.0
    area, _ = cv2.intersectConvexConvex(seen, (UNIT_SQUARE * image).astype(np.float32))
    (a, b), (c, d) = crop_to_image[:, :2].tolist()
    return area / (abs(a * d - b * c) * crop_size[0] * crop_size[1])


def surely_shown(
    centers: np.ndarray, sides: np.ndarray, image_to_full: np.ndarray, image: np.ndarray
) -> np.ndarray:
    """RoIs (M) bool that show enough image without measuring how much.

    Where the middle lies in the image, and the image is no smaller than the diagonal, at least a
    right angle of the RoI shows image: a quarter of a square.

    Args:
        centers: (M, 2) px of the augmented full image.
        sides: (M) longer sides of the RoIs, px.
        image_to_full: affine (2, 3), a rotation or mirror.
        image: (w, h) px.
    """
    to_image = cv2.invertAffineTransform(image_to_full)
    middle = centers @ to_image[:, :2].T + to_image[:, 2]
    inside = ((middle >= 0) & (middle <= image - 1)).all(1)
    return inside & (np.sqrt(2) * sides <= image.min())


def nearest_in_image(
    center: np.ndarray, image_to_full: np.ndarray, image: np.ndarray
) -> np.ndarray:
    """The point (2) of the image that is nearest to a point of the augmented full image, both px.

    Exact for rotations and mirrors, which keep distances.
    """
    to_image = cv2.invertAffineTransform(image_to_full)
    inside = np.clip(to_image[:, :2] @ center + to_image[:, 2], 0, image - 1)
    return image_to_full[:, :2] @ inside + image_to_full[:, 2]
