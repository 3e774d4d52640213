"""Cameras and boxes that a user or a detector gives, checked against the image."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Union

import numpy as np
from torch import nn

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.cameras import default_focal_length
from mroi_plugin.datasets.plausibility import (
    MAX_BOX,
    MIN_BOX_PX,
    box_error,
    focal_length_error,
)
from mroi_plugin.datasets.sample_errors import InvalidSampleError

Matrix = Union[np.ndarray, Mapping[str, np.ndarray]]


def check_camera(focal_length: float | None, matrix: Matrix | None) -> None:
    """Refuse a focal length or camera matrix of a wrong form.

    Raises:
        ValueError: saying what was found and expected.
        TypeError: for a matrix that is none of numbers.
    """
    if focal_length is not None and not (np.isfinite(focal_length) and focal_length > 0):
        raise ValueError(f'focal_length={focal_length:g}: expected pixels above 0.')
    given = matrix if isinstance(matrix, Mapping) else {'camera_matrix': matrix}
    for name, value in given.items():
        if value is None:
            continue
        try:
            value = np.asarray(value, np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f'{name}: {type(value).__name__} ({error}); expected a camera matrix (3, 3) of '
                'numbers, or a mapping of these by image names.'
            ) from error
        if value.shape != (3, 3) or not np.isfinite(value).all() or min(value[[0, 1], [0, 1]]) <= 0:
            raise ValueError(
                f'{name}: an array of shape {value.shape}; expected a finite camera matrix (3, 3) '
                'in pixels with focal lengths above 0 on its diagonal.'
            )


def image_camera(
    image: InputImage, focal_length: float | None, matrix: Matrix | None
) -> tuple[float, np.ndarray]:
    """Focal length px and principal point (2) px of an image.

    Raises:
        InvalidSampleError: if no image of this size has such a focal length.
    """
    size = np.array(image.size, np.float64)
    if isinstance(matrix, Mapping):
        matrix = matrix.get(image.name)
    if matrix is not None:
        matrix = np.asarray(matrix, np.float64)
        focal, center = float((matrix[0, 0] + matrix[1, 1]) / 2), matrix[:2, 2]
    else:
        focal = focal_length or image.focal_length or float(default_focal_length(size))
        center = size / 2
        if focal_length is None and image.exif_problem is not None:
            used = f'sqrt(W^2 + H^2) = {focal:.0f} px is taken.'
            warnings.warn(f'{image.name}: {image.exif_problem} {used}', stacklevel=2)
    problem = focal_length_error(focal, size)
    if problem is not None:
        raise InvalidSampleError(f'{problem}: give it in pixels of this image.')
    return focal, center


def check_box(image: InputImage, index: int, box: np.ndarray) -> None:
    """Refuse a box that is empty, not finite, far too large, or beside the image.

    Raises:
        InvalidSampleError: with the number of the box.
    """
    good = np.isfinite(box).all()
    if not good or box_error(box[:2] + box[2:] / 2, box[2:], image.size) is not None:
        raise InvalidSampleError(
            f'box {index} is x, y, w, h = {np.round(box, 1).tolist()} in an image of '
            f'{image.size[0]}x{image.size[1]}: expected pixels, w and h from {MIN_BOX_PX:.0f} to '
            f'{MAX_BOX * max(image.size):.0f}, and a box that meets the image.'
        )


def check_weights(model: nn.Module, checkpoint: str) -> None:
    """Refuse weights of which some are NaN or infinite.

    Raises:
        ValueError: naming the checkpoint and the first such parameter.
    """
    for name, value in model.state_dict().items():
        if value.is_floating_point() and not value.isfinite().all():
            raise ValueError(
                f'{checkpoint}: {name} is not finite in {int((~value.isfinite()).sum())} of '
                f'{value.numel()} weights: take another checkpoint.'
            )
