"""Reading the image of a sample and completing what depends on its size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import simplejpeg
from mmengine import fileio
from PIL import Image

from mroi_plugin.cameras import default_focal_length
from mroi_plugin.datasets.pixel_checks import box_problem, focal_problem
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.geometry import Sample
from mroi_plugin.registry import TRANSFORMS, register

JPEG, JPEG_SCAN, JPEG_END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'
SIMPLEJPEG_ERRORS = (ValueError, KeyError)
"""Of damaged files, and of color spaces that it does not know."""
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
"""Decoders by the factor that they shrink by; a JPEG's leave out the finer frequencies."""
IDENTITY = np.eye(2, 3)
IDENTITY.flags.writeable = False


@dataclass(frozen=True)
class EncodedImage:
    """An image that is decoded once it is known how much detail the crops need.

    Args:
        data: content of the file.
        sample: whose image it is, for messages.
    """

    data: bytes
    sample: Sample

    def decode(self, reduction: int = 1) -> np.ndarray:
        """Pixels (ceil(H / reduction), ceil(W / reduction), 3) uint8 RGB.

        Pixel ``x`` of the image is at ``(x + 1/2) / reduction - 1/2``.

        Args:
            reduction: 1, 2, 4 or 8; more than 1 for JPEG alone.

        Raises:
            InvalidSampleError: if the file is damaged.
        """
        if self.data.startswith(JPEG):
            try:
                return self._decode_jpeg(reduction)
            except SIMPLEJPEG_ERRORS:
                pass  # OpenCV, slower and with the same result, also knows CMYK and mild damage
        flags = REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            pixels = cv2.imdecode(np.frombuffer(self.data, np.uint8), flags)
        except cv2.error as error:  # larger than OpenCV allows
            raise _undecodable(self.sample, self.data) from error
        if pixels is None:
            raise _undecodable(self.sample, self.data)
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, pixels)

    def _decode_jpeg(self, reduction: int) -> np.ndarray:
        height, width, *_ = simplejpeg.decode_jpeg_header(self.data)
        smallest = {'min_height': -(-height // reduction), 'min_width': -(-width // reduction)}
        return simplejpeg.decode_jpeg(self.data, **smallest, min_factor=reduction)

    def largest_reduction(self, shrinks: float) -> int:
        """The largest reduction that keeps all detail of a crop which shrinks the image so much."""
        if not self.data.startswith(JPEG):
            return 1
        return max((r for r in REDUCED if r <= shrinks), default=1)


@register(TRANSFORMS, mmhuman3d='PIPELINES')
class LoadImage:
    """Read ``image_path`` and set what the size of the image decides.

    Sets ``image`` (`EncodedImage`), ``img_size`` (w, h) px, ``image_affine`` (identity), and
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
            InvalidSampleError: if the file is missing or no image, or box or camera do not fit.
        """
        data = self._read(sample)
        size = _image_size(sample, data)
        _check_pixels(sample, size)
        loaded = {
            **sample,
            'image': EncodedImage(data, sample),
            'img_size': size,
            'image_affine': IDENTITY,
        }
        if sample.get('focal_length') is None:
            loaded['focal_length'] = float(default_focal_length(np.array(size, np.float64)))
        if sample.get('principal_point') is None:
            loaded['principal_point'] = size / 2
        return loaded

    def _read(self, sample: Sample) -> bytes:
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


def _image_size(sample: Sample, data: bytes) -> np.ndarray:
    """``(w, h)`` from the header, as stored: annotations know nothing of EXIF orientations."""
    if _is_cut(data):
        raise _undecodable(sample, data)
    if data.startswith(JPEG):
        try:
            height, width, *_ = simplejpeg.decode_jpeg_header(data)
            return np.array([width, height], np.float64)
        except SIMPLEJPEG_ERRORS:
            pass  # Pillow, slower, has the last word
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.array(image.size, np.float64)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _undecodable(sample, data) from error


def _is_cut(data: bytes) -> bool:
    """Whether a JPEG lacks its end, which decoders fill with gray; a thumbnail's end is not its."""
    if not data.startswith(JPEG) or data.endswith(JPEG_END):
        return False
    return data.rfind(JPEG_END) < data.rfind(JPEG_SCAN)


def _undecodable(sample: Sample, data: bytes) -> InvalidSampleError:
    return InvalidSampleError.of(
        sample,
        f'the file ({len(data)} bytes) cannot be decoded as an image, or not to its end: replace '
        'it, or drop the sample from the annotation.',
    )


def _check_pixels(sample: Sample, size: np.ndarray) -> None:
    box = np.r_[sample['box_center'] - sample['box_size'] / 2, sample['box_size']]
    focal = sample.get('focal_length')
    for key, problem in (
        ('bbox_xywh', box_problem(box, size)),
        ('cam_param.f', None if focal is None else focal_problem(focal, size)),
    ):
        if problem:
            raise InvalidSampleError.of(
                sample, f'{problem}: {key} must be pixels of this very image.'
            )
