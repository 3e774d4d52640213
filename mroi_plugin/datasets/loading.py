"""Reading the photo of a sample and completing what depends on its size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from mmengine import fileio

from mroi_plugin.datasets.errors import InvalidSampleError
from mroi_plugin.datasets.person_geometry import Sample
from mroi_plugin.registry import TRANSFORMS, register


@register(TRANSFORMS, host='PIPELINES')
class LoadPhoto:
    """Read ``image_path`` as RGB and set what the size of the photo decides.

    Sets ``photo`` (H, W, 3) uint8 RGB, ``img_size`` (w, h) px, ``image_affine`` (identity), and
    where nothing is annotated ``focal_length`` = sqrt(W^2 + H^2) and ``principal_point`` = (W/2,
    H/2).

    Args:
        backend_args: options of mmengine's file backend, e.g. for a bucket or an LMDB.
    """

    def __init__(self, backend_args: dict[str, Any] | None = None) -> None:
        self.backend_args = backend_args

    def __call__(self, sample: Sample) -> Sample:
        """Load one sample.

        Raises:
            InvalidSampleError: if the file is missing or is no image, or the box does not meet it.
        """
        photo = self._read(sample)
        height, width = photo.shape[:2]
        size = np.array([width, height], np.float64)
        _check_box_meets_image(sample, size)
        loaded = {**sample, 'photo': photo, 'img_size': size, 'image_affine': np.eye(2, 3)}
        if sample.get('focal_length') is None:
            loaded['focal_length'] = float(np.hypot(width, height))
        if sample.get('principal_point') is None:
            loaded['principal_point'] = size / 2
        return loaded

    def _read(self, sample: Sample) -> np.ndarray:
        try:
            data = fileio.get(sample['image_path'], backend_args=self.backend_args)
        except FileNotFoundError:
            raise InvalidSampleError.of(
                sample, 'the image is missing: check data_root and image_dir of the dataset config.'
            ) from None
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        photo = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
        if photo is None:
            raise InvalidSampleError.of(
                sample,
                f'the file ({len(data)} bytes) cannot be decoded as an image: replace it, or drop '
                'the '
                'sample from the annotation.',
            )
        return cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)


def _check_box_meets_image(sample: Sample, size: np.ndarray) -> None:
    half = sample['box_size'] / 2
    low, high = sample['box_centre'] - half, sample['box_centre'] + half
    if (high <= 0).any() or (low >= size).any():
        raise InvalidSampleError.of(
            sample,
            f'the box ({low[0]:.0f}, {low[1]:.0f})-({high[0]:.0f}, {high[1]:.0f}) lies outside the '
            f'{size[0]:.0f}x{size[1]:.0f} image: bbox_xywh must be pixels of this very image.',
        )
