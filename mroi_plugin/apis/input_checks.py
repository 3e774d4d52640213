"""Cameras and boxes that a user or a detector gives, checked against the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Union

import numpy as np

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.cameras import default_focal_length
from mroi_plugin.datasets.sample_errors import InvalidSampleError

Matrix = Union[np.ndarray, Mapping[str, np.ndarray]]
MIN_BOX_PX = 1.0


def check_camera(focal_length: float | None, matrix: Matrix | None) -> None:
    """Refuse a focal length or camera matrix of a wrong form.

    Raises:
        ValueError: saying what was found and expected.
    """
    if focal_length is not None and not (np.isfinite(focal_length) and focal_length > 0):
        raise ValueError(f'focal_length={focal_length}: expected pixels above 0.')
    given = matrix if isinstance(matrix, Mapping) else {'camera_matrix': matrix}
    for name, value in given.items():
        if value is None:
            continue
        value = np.asarray(value, np.float64)
        if value.shape != (3, 3) or not np.isfinite(value).all() or min(value[[0, 1], [0, 1]]) <= 0:
            raise ValueError(
                f'{name}: an array of shape {value.shape}; expected a finite camera matrix (3, 3) '
                'in pixels with focal lengths above 0 on its diagonal.'
            )


def image_camera(
    image: InputImage, focal_length: float | None, matrix: Matrix | None
) -> tuple[float, np.ndarray]:
    """Focal length px and principal point (2) px of an image."""
    if isinstance(matrix, Mapping):
        matrix = matrix.get(image.name)
    if matrix is not None:
        matrix = np.asarray(matrix, np.float64)
        return float((matrix[0, 0] + matrix[1, 1]) / 2), matrix[:2, 2]
    size = np.array(image.size, np.float64)
    focal = focal_length or image.focal_length or float(default_focal_length(size))
    return focal, size / 2


def check_box(image: InputImage, index: int, box: np.ndarray) -> None:
    """Refuse a box that is empty, not finite, or beside the image.

    Raises:
        InvalidSampleError: with the number of the box.
    """
    inside = np.isfinite(box).all() and (box[2:] >= MIN_BOX_PX).all()
    if not inside or (box[:2] + box[2:] <= 0).any() or (box[:2] >= image.size).any():
        raise InvalidSampleError(
            f'box {index} is x, y, w, h = {np.round(box, 1).tolist()} in an image of '
            f'{image.size[0]}x{image.size[1]}: expected pixels, w and h of at least '
            f'{MIN_BOX_PX:.0f}, and a box that meets the image.'
        )
