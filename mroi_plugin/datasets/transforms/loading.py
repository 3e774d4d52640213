"""Reading the image of a sample and completing what depends on its size."""

from __future__ import annotations

import os.path as osp
from typing import Any

import numpy as np
from mmengine import fileio

from mroi_plugin.cameras import default_focal_length
from mroi_plugin.datasets.pixel_checks import (
    box_problem,
    center_problem,
    focal_problem,
    size_problem,
)
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.encoded_image import (
    MAX_PIXELS,
    DecodedOnce,
    EncodedImage,
    ImageFileError,
    image_size,
)
from mroi_plugin.datasets.transforms.geometry import Sample
from mroi_plugin.registry import TRANSFORMS, register

IDENTITY = np.eye(2, 3)
IDENTITY.flags.writeable = False


@register(TRANSFORMS, mmhuman3d='PIPELINES')
class LoadImage:
    """Read ``image_path`` and set what the size of the image decides.

    Sets ``image`` (`DecodedOnce`), ``img_size`` (w, h) px, ``image_affine`` (identity), and where
    nothing is annotated ``focal_length`` = sqrt(W^2 + H^2) and ``principal_point`` = (W/2, H/2).
    Persons of one image that are loaded one after another share its pixels.

    Args:
        backend_args: options of mmengine's file backend, e.g. for a bucket or an LMDB; without
            them, a path with ``://`` is refused.
        max_pixels: larger images are refused before they are decoded.

    Raises:
        ValueError: if ``max_pixels`` is not a positive number.
    """

    def __init__(
        self, backend_args: dict[str, Any] | None = None, max_pixels: int = MAX_PIXELS
    ) -> None:
        if not (isinstance(max_pixels, (int, float)) and max_pixels >= 1):
            raise ValueError(
                f'LoadImage: max_pixels={max_pixels!r}, expected a number of at least 1.'
            )
        self.backend_args, self.max_pixels = backend_args, max_pixels
        self._last: DecodedOnce | None = None

    def __call__(self, sample: Sample) -> Sample:
        """Load one sample.

        Raises:
            InvalidSampleError: if the file is missing, is no image or has too many pixels, or if
                the box or the focal length cannot be of it.
        """
        data = self._read(sample)
        try:
            size = np.array(image_size(data, self.max_pixels), np.float64)
        except ImageFileError as error:
            raise InvalidSampleError.of(sample, str(error)) from error
        _check_pixels(sample, size)
        last = self._last
        shared = last if last is not None and last.is_of(data) else None
        self._last = DecodedOnce(EncodedImage(data, sample), like=shared)
        loaded = {
            **sample,
            'image': self._last,
            'img_size': size,
            'image_affine': IDENTITY,
        }
        if sample.get('focal_length') is None:
            loaded['focal_length'] = float(default_focal_length(np.array(size, np.float64)))
        if sample.get('principal_point') is None:
            loaded['principal_point'] = size / 2
        return loaded

    def _read(self, sample: Sample) -> bytes:
        if self.backend_args is None and '://' in sample['image_path']:
            raise InvalidSampleError.of(
                sample,
                'the path is an address, which is fetched only as configured: set backend_args of '
                'LoadImage, or fix image_path.',
            )
        if self.backend_args is None and _is_special(sample['image_path']):
            raise InvalidSampleError.of(
                sample, 'the image cannot be read (it is no file): fix image_path.'
            )
        try:
            data = fileio.get(sample['image_path'], backend_args=self.backend_args)
        except FileNotFoundError:
            data = None
        except (OSError, ValueError) as error:
            raise InvalidSampleError.of(
                sample, f'the image cannot be read ({error}): fix image_path or the file.'
            ) from error
        if data is None:  # what an LMDB says of an unknown key
            raise InvalidSampleError.of(
                sample, 'the image is missing: check data_root and image_dir of the dataset config.'
            )
        return data


def _is_special(path: str) -> bool:
    """Whether a path is a pipe, a device or a folder."""
    return osp.exists(path) and not osp.isfile(path)


def _check_pixels(sample: Sample, size: np.ndarray) -> None:
    """Refuse a size, a box or a camera that the image cannot have."""
    box = np.r_[sample['box_center'] - sample['box_size'] / 2, sample['box_size']]
    for key, problem_of, given in (
        ('image_width, image_height', size_problem, sample.get('image_size')),
        ('bbox_xywh', box_problem, box),
        ('cam_param.f', focal_problem, sample.get('focal_length')),
        ('cam_param.c', center_problem, sample.get('principal_point')),
    ):
        problem = None if given is None else problem_of(given, size)
        if problem:
            raise InvalidSampleError.of(
                sample, f'{problem}: {key} must be pixels of this very image.'
            )
