"""What EXIF data say of the camera and how it was held, believed where it fits the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from mroi_plugin.datasets.pixel_checks import focal_problem

DIAGONAL_35MM = float(np.hypot(36, 24))
MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0}
"""Millimeters of EXIF's FocalPlaneResolutionUnit: inch, centimeter, millimeter."""
ASPECT_TOLERANCE = 0.02
"""Relative difference in aspect that rounding to whole pixels makes in a thumbnail."""
TURNS = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].transpose(1, 0, 2),
    8: lambda image: np.rot90(image),
}
"""What makes an image upright, by EXIF's Orientation."""


def read_exif(image: Image.Image) -> tuple[int, float | None, str | None]:
    """Orientation, focal length px if it is known, and why what is told of it is not believed.

    Args:
        image: opened by Pillow; its size is the one that is stored.
    """
    try:
        exif = image.getexif()
        turn = exif.get(ExifTags.Base.Orientation.value, 1)
        focal, problem = exif_focal_length(exif, image.size)
    except Exception as error:  # Pillow raises anything on damaged EXIF data
        return 1, None, f'its EXIF data cannot be read ({type(error).__name__}: {error}).'
    return turn if isinstance(turn, int) and turn in TURNS else 1, focal, problem


def exif_focal_length(exif: Image.Exif, size: tuple[int, int]) -> tuple[float | None, str | None]:
    """Focal length in px that an image's EXIF tells, or why that cannot be, or neither.

    That is the equivalent for 35 mm film, which compares diagonals; or else the focal length with
    the resolution of the sensor. Images that were turned or scaled since keep it in diagonals;
    for those that were cut to another shape than EXIF says, it is unknown.

    Args:
        exif: of the image.
        size: (w, h) px, as stored.
    """
    told = exif.get_ifd(ExifTags.IFD.Exif.value)
    original = tuple(_number(told, t) for t in (_TAGS.ExifImageWidth, _TAGS.ExifImageHeight))
    given = {
        'FocalLengthIn35mmFilm': _from_film(told, size),
        'FocalPlaneXResolution': _from_sensor(told, size, original),
    }
    problems = []
    for tag, focal in given.items():
        if not focal:
            continue
        problem = focal_problem(focal, np.array(size))
        if all(original) and not _same_shape(size, original):
            problem = (
                f'its EXIF data are of an image of {original[0]:.0f}x{original[1]:.0f}, from which '
                f'this one of {size[0]}x{size[1]} was cut'
            )
        if problem is None:
            return focal, None
        problems.append(f'{tag} is not used: {problem}.')
    return None, problems[0] if problems else None


_TAGS = ExifTags.Base


def _same_shape(size: tuple[int, int], original: tuple[float, float]) -> bool:
    """Whether two sizes have one aspect, perhaps turned by 90 degrees."""
    ratios = [sorted(pair)[0] / sorted(pair)[1] for pair in (size, original)]
    return abs(ratios[0] / ratios[1] - 1) <= ASPECT_TOLERANCE


def _from_film(told: Mapping[int, Any], size: tuple[int, int]) -> float:
    return _number(told, _TAGS.FocalLengthIn35mmFilm) / DIAGONAL_35MM * float(np.hypot(*size))


def _from_sensor(
    told: Mapping[int, Any], size: tuple[int, int], original: tuple[float, float]
) -> float:
    millimeters = _number(told, _TAGS.FocalLength)
    resolution = _number(told, _TAGS.FocalPlaneXResolution)
    unit = MM_PER_UNIT.get(told.get(_TAGS.FocalPlaneResolutionUnit.value, 2))
    if not (millimeters and resolution and unit):
        return 0.0
    if all(original):
        scale = float(np.hypot(*size) / np.hypot(*original))
    else:
        scale = size[0] / (original[0] or size[0])
    return millimeters * resolution / unit * scale


def _number(told: Mapping[int, Any], tag: ExifTags.Base) -> float:
    """A positive number, 0 if there is none."""
    try:
        value = float(told.get(tag.value, 0))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 0.0
    return value if np.isfinite(value) and value > 0 else 0.0
