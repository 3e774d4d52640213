"""The camera of every image: given, told by the file, or assumed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any, Union

import numpy as np

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.apis.named_values import NamedValues
from mroi_plugin.cameras import default_focal_length
from mroi_plugin.datasets.pixel_checks import center_problem, focal_problem
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.utils.json_input import load_json

Matrix = Union[np.ndarray, Mapping[str, np.ndarray], str, os.PathLike]
FORM = 'a matrix (3, 3) in pixels, or an object of such by the names of images or videos'
NO_NAMES = ('K', 'cam_K', 'camera', 'camera_matrix', 'intrinsic', 'intrinsics')
"""Keys that other programs write a matrix under, and nobody calls an image by."""
MAX_DIFFERENCE = 0.02
"""Of the focal lengths of a camera from each other, as a fraction: its pixels are squares."""
MIN_FOCAL_PX = 10.0
"""Shorter ones are in other units: no image of people is so small."""


class GivenCamera:
    """Focal length and principal point of images, from what the user gives.

    Args:
        focal_length: px, of all images.
        matrix: (3, 3) px, of all images, or by their names, see `NamedValues`; or a JSON file of
            either.

    Raises:
        ValueError: if one is of a wrong form, or not in pixels.
        FileNotFoundError: if there is no such file.
    """

    def __init__(self, focal_length: float | None = None, matrix: Matrix | None = None) -> None:
        self.focal_length = None if focal_length is None else _checked_focal(focal_length)
        self.of_all: np.ndarray | None = None
        by_name: dict[Any, np.ndarray] = {}
        what, prefix = 'camera_matrix', ''
        if isinstance(matrix, (str, os.PathLike)):
            what = f'{os.fspath(matrix)} (cameras)'
            matrix, prefix = load_json(matrix, 'cameras', FORM), f'{what}: '
        if isinstance(matrix, Mapping):
            if set(matrix) <= set(NO_NAMES):
                names = ', '.join(map(repr, matrix)) or 'nothing'
                raise ValueError(f'{what}: an object with {names}; expected {FORM}.')
            by_name = {name: _checked(value, f'{prefix}{name!r}') for name, value in matrix.items()}
        elif matrix is not None or prefix:
            self.of_all = _checked(matrix, what)
        self.by_name = NamedValues(by_name, what)

    def __call__(self, image: InputImage) -> tuple[float, np.ndarray]:
        """Focal length px and principal point (2) px of an image.

        Raises:
            InvalidSampleError: if a given one cannot be of an image of this size.
            ValueError: if names fit images in more than one way.
        """
        matrix = self.by_name.of(image) if self.of_all is None else self.of_all
        size = np.array(image.size, np.float64)
        if matrix is None and self.focal_length is None:
            focal = image.focal_length or float(default_focal_length(size))
            if image.exif_problem is not None:
                used = f'sqrt(W^2 + H^2) = {focal:.0f} px is taken.'
                warnings.warn(f'{image.name}: {image.exif_problem} {used}', stacklevel=2)
            return focal, size / 2
        focal, center = self.focal_length, size / 2
        if matrix is not None:
            focal, center = float((matrix[0, 0] + matrix[1, 1]) / 2), matrix[:2, 2]
        problem = focal_problem(focal, size) or center_problem(center, size)
        if problem:
            raise InvalidSampleError(f'{problem}: fix the given camera.')
        return focal, center

    def report(self) -> list[str]:
        """Names that no image has met, in one line, or none."""
        told = self.by_name.unused_note()
        advice = 'Drop them, or name images by the end of their paths.'
        return [f'{self.by_name.what}: {told} {advice}'] if told else []


def _checked_focal(focal_length: Any) -> float:
    try:
        focal = float(focal_length)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f'focal_length={focal_length!r}: expected a number of pixels.') from None
    if not (np.isfinite(focal) and focal > 0):
        raise ValueError(f'focal_length={focal:g}: expected pixels above 0.')
    if focal < MIN_FOCAL_PX:
        raise ValueError(
            f'focal_length={focal:g}: expected pixels, at least {MIN_FOCAL_PX:.0f}; a '
            'fraction is to be multiplied by the width of the image.'
        )
    return focal


def _checked(matrix: Any, name: str) -> np.ndarray:
    expected = (
        'expected a finite camera matrix (3, 3) in pixels with focal lengths above 0 on its '
        'diagonal.'
    )
    try:
        matrix = np.asarray(matrix, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'{name}: {error}; {expected}') from None
    focal = matrix[[0, 1], [0, 1]] if matrix.shape == (3, 3) else np.zeros(2)
    if not np.isfinite(matrix).all() or focal.min() <= 0:
        raise ValueError(f'{name}: an array of shape {matrix.shape}; {expected}')
    if focal.min() < MIN_FOCAL_PX:
        raise ValueError(
            f'{name}: the focal lengths are {focal.tolist()}; {expected} A normalized matrix is to '
            'be multiplied by the size of its image.'
        )
    if (
        np.ptp(focal) > MAX_DIFFERENCE * focal.mean()
        or np.abs([matrix[0, 1], matrix[1, 0]]).max() > MAX_DIFFERENCE * focal.mean()
    ):
        raise ValueError(
            f'{name}: {matrix[:2].tolist()}; expected one focal length and no skew: resample the '
            'image to pixels that are squares.'
        )
    if np.abs(matrix[2, :2]).max() > 0 or matrix[2, 2] != 1:
        raise ValueError(f'{name}: its last row is {matrix[2].tolist()}, expected 0, 0, 1.')
    return matrix
