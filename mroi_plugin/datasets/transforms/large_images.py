"""Images with more pixels on a side than OpenCV warps."""

from __future__ import annotations

import cv2
import numpy as np

from mroi_plugin.datasets.transforms.geometry import compose_affine

MAX_SIDE = 2**15 - 2
"""Pixels on a side that ``cv2.warpAffine`` takes."""


def warpable_part(
    image: np.ndarray, to_crop: np.ndarray, crop_size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The pixels of an image that a crop shows, if all are too many, and the affine from them.

    A part that is too large still is thinned out: a crop of it skips many more pixels.

    Args:
        image: (H, W, 3) uint8.
        to_crop: affine (2, 3) from pixels of the image to those of the crop.
        crop_size: (w, h) px.

    Returns:
        (H', W', 3) uint8, and the affine (2, 3) from its pixels to those of the crop.
    """
    size = np.array(image.shape[1::-1])
    if size.max() <= MAX_SIDE:
        return image, to_crop
    corners = np.array([[x, y] for x in (-1, crop_size[0]) for y in (-1, crop_size[1])])
    to_image = cv2.invertAffineTransform(to_crop)
    seen = corners @ to_image[:, :2].T + to_image[:, 2]
    start = np.clip(np.floor(seen.min(0)) - 1, 0, size - 1).astype(int)
    end = np.clip(np.ceil(seen.max(0)) + 2, start + 1, size).astype(int)
    step = -(-int((end - start).max()) // MAX_SIDE)
    part = image[start[1] : end[1] : step, start[0] : end[0] : step]
    from_part = np.array([[step, 0, start[0]], [0, step, start[1]]], np.float64)
    return np.ascontiguousarray(part), compose_affine(to_crop, from_part)
