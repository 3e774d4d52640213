"""Keeping RoIs in touch with the photo: one that shows none of it is a black crop."""

from __future__ import annotations

import cv2
import numpy as np

MIN_SHARE = 0.05
"""Share of a crop that must show the photo, at the least."""
UNIT_SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far a RoI is pulled, from where it should be to the nearest point of the photo."""


def shown_share(crop_to_photo: np.ndarray, crop_size: tuple[int, int], photo: np.ndarray) -> float:
    """Share of a crop's area on which the photo is seen.

    Args:
        crop_to_photo: affine (2, 3), pixels.
        crop_size: (w, h) px.
        photo: (w, h) px.
    """
    corners = UNIT_SQUARE * crop_size - 0.5
    seen = (corners @ crop_to_photo[:, :2].T + crop_to_photo[:, 2] + 0.5).astype(np.float32)
    if seen.min() >= 0 and (seen <= photo).all():
        return 1.0
    area, _ = cv2.intersectConvexConvex(seen, (UNIT_SQUARE * photo).astype(np.float32))
    (a, b), (c, d) = crop_to_photo[:, :2].tolist()
    return area / (abs(a * d - b * c) * crop_size[0] * crop_size[1])


def surely_shown(
    centres: np.ndarray, sides: np.ndarray, photo_to_full: np.ndarray, photo: np.ndarray
) -> np.ndarray:
    """RoIs (M) bool that show enough photo without measuring how much.

    Where the middle lies in the photo, and the photo is no smaller than the diagonal, at least a
    right angle of the RoI shows photo: a quarter of a square.

    Args:
        centres: (M, 2) px of the augmented full image.
        sides: (M) longer sides of the RoIs, px.
        photo_to_full: affine (2, 3), a rotation or mirror.
        photo: (w, h) px.
    """
    to_photo = cv2.invertAffineTransform(photo_to_full)
    middle = centres @ to_photo[:, :2].T + to_photo[:, 2]
    inside = ((middle >= 0) & (middle <= photo - 1)).all(1)
    return inside & (np.sqrt(2) * sides <= photo.min())


def nearest_in_photo(
    centre: np.ndarray, photo_to_full: np.ndarray, photo: np.ndarray
) -> np.ndarray:
    """The point (2) of the photo that is nearest to a point of the augmented full image, both px.

    Exact for rotations and mirrors, which keep distances.
    """
    to_photo = cv2.invertAffineTransform(photo_to_full)
    inside = np.clip(to_photo[:, :2] @ centre + to_photo[:, 2], 0, photo - 1)
    return photo_to_full[:, :2] @ inside + photo_to_full[:, 2]
