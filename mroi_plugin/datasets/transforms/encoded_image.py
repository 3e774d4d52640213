"""Content of an image file: its size from the header, its pixels once they are needed."""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg
from PIL import Image

from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.geometry import Sample

MAX_PIXELS = 2**27
"""Pixels of an image unless a config says otherwise: 134 million, 384 MiB decoded."""
JPEG, JPEG_END = b'\xff\xd8', b'\xff\xd9'
JPEG_MARKER = re.compile(rb'\xff[\x01-\xcf\xd8-\xfe]')
"""Of a segment, or of the end: none that stands among the data of a scan."""
SIMPLEJPEG_ERRORS = (ValueError, KeyError)
"""Of damaged files, and of color spaces that it does not know."""
DATA_END_EARLY = 'premature end'
"""How libjpeg says that an end marker comes before the last pixel."""
UNDECODABLE = (
    'the file ({} bytes) cannot be decoded as an image, or not to its end: replace it, or leave it '
    'out.'
)
TIFF = (b'II*\0', b'MM\0*')
NOT_8_OR_16_BITS = (
    'its channels (Pillow: {}) are not of 8 or 16 bits, or not in a way that OpenCV reads: convert '
    'it to 8 bits.'
)
PILLOW_LIMIT = threading.Lock()
"""Held while Pillow's own limit of pixels is lifted."""
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
"""Decoders by the factor that they shrink by; a JPEG's leave out the finer frequencies."""


class ImageFileError(ValueError):
    """A file that is no image, is not whole, or is larger than allowed."""


def image_size(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """``(w, h)`` px from the header, as stored: orientation tags are not followed, but in TIFF.

    Args:
        data: content of the file.
        max_pixels: most that the header may claim; nothing is decoded to find out.

    Raises:
        ImageFileError: if it is no image, is cut off, or claims more pixels.
    """
    if _is_cut(data):
        raise ImageFileError(_undecodable(data))
    width, height = _jpeg_size(data) or _header_size(data)
    if width * height > max_pixels:
        raise ImageFileError(
            f'the file ({len(data)} bytes) claims {width}x{height} pixels, more than '
            f'max_pixels={max_pixels}: shrink it, or raise max_pixels of LoadImage in the config.'
        )
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(JPEG):
        return None
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
    except SIMPLEJPEG_ERRORS:
        return None  # Pillow, slower, has the last word
    return width, height


@contextmanager
def opened_by_pillow(data: bytes) -> Iterator[Image.Image]:
    """Pillow's image of a file's content, without warnings of its metadata.

    Its size is judged by `image_size`, before it is decoded, and not by Pillow, whose limit is one
    of the process.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        with PILLOW_LIMIT:
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                opened = Image.open(io.BytesIO(data))
            finally:
                Image.MAX_IMAGE_PIXELS = limit
        with opened as image:
            yield image


def _header_size(data: bytes) -> tuple[int, int]:
    try:
        with opened_by_pillow(data) as image:
            size, mode = image.size, image.mode
    except Exception as error:  # Pillow's formats raise anything on damaged files
        raise ImageFileError(_undecodable(data)) from error
    if mode == 'F':  # decoders would cut its numbers off to whole ones
        raise ImageFileError(NOT_8_OR_16_BITS.format(mode))
    return size


def _undecodable(data: bytes) -> str:
    told = UNDECODABLE.format(len(data))
    if data.startswith(TIFF):
        return f'{told} Of TIFF, channels of 8 and 16 bits are read, none of 32.'
    return told


def _is_cut(data: bytes) -> bool:
    """Whether a JPEG lacks its end, which decoders fill with gray; that of a thumbnail within it,
    or of what is appended, as phones append a video, is not its."""
    if not data.startswith(JPEG) or data.endswith(JPEG_END):
        return False
    marker = JPEG_MARKER.search(data, len(JPEG))
    while marker is not None and marker.group() not in (JPEG, JPEG_END):
        length = int.from_bytes(data[marker.end() : marker.end() + 2], 'big')
        marker = JPEG_MARKER.search(data, marker.end() + length)
    return marker is None or marker.group() == JPEG


@dataclass(frozen=True)
class EncodedImage:
    """An image that is decoded once it is known how much detail the crops need.

    Args:
        data: content of the file.
        sample: whose image it is, for messages; empty where the caller names the image.
    """

    data: bytes
    sample: Sample

    def decode(self, reduction: int = 1) -> np.ndarray:
        """Pixels (ceil(H / reduction), ceil(W / reduction), 3) uint8 RGB, as `image_size` says.

        Pixel ``x`` of the image is at ``(x + 1/2) / reduction - 1/2``.

        Args:
            reduction: 1, 2, 4 or 8; more than 1 for JPEG alone.

        Raises:
            InvalidSampleError: if the file is damaged, or its data end before the last pixel.
        """
        if self.data.startswith(JPEG):
            try:
                return self._decode_jpeg(reduction)
            except SIMPLEJPEG_ERRORS as error:  # OpenCV, slower and with the same result, also
                if DATA_END_EARLY in str(error).lower():  # knows CMYK and mild damage, but fills
                    raise self._error() from error  # with gray what is not there
        flags = REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            pixels = cv2.imdecode(np.frombuffer(self.data, np.uint8), flags)
        except cv2.error as error:  # larger than OpenCV allows
            raise self._error() from error
        if pixels is None:
            return self._decode_by_pillow()
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, pixels)

    def _decode_jpeg(self, reduction: int) -> np.ndarray:
        height, width, *_ = simplejpeg.decode_jpeg_header(self.data)
        smallest = {'min_height': -(-height // reduction), 'min_width': -(-width // reduction)}
        return simplejpeg.decode_jpeg(self.data, **smallest, min_factor=reduction)

    def _decode_by_pillow(self) -> np.ndarray:
        """Of the formats that this OpenCV was built without, GIF before 4.11 for one."""
        if self.data.startswith(JPEG):
            raise self._error()
        try:
            with opened_by_pillow(self.data) as image:
                mode = image.mode
                pixels = np.array(image.convert('RGB'))
        except Exception as error:  # Pillow's formats raise anything on damaged files
            raise self._error() from error
        if mode.startswith(('F', 'I')):  # of which Pillow takes what is above 255 for white
            problem = NOT_8_OR_16_BITS.format(mode)
            raise InvalidSampleError.of(self.sample, problem)
        return pixels

    def _error(self) -> InvalidSampleError:
        return InvalidSampleError.of(self.sample, _undecodable(self.data))

    def largest_reduction(self, shrinks: float) -> int:
        """The largest reduction that keeps all detail of a crop which shrinks the image so much."""
        if not self.data.startswith(JPEG):
            return 1
        return max((r for r in REDUCED if r <= shrinks), default=1)


class DecodedOnce:
    """An `EncodedImage` that several crops are cut from: what was decoded at a reduction is kept.

    Args:
        image: that is decoded; the pixels that are handed out must not be written to.
        like: the same file, of another sample, whose pixels are shared.
    """

    def __init__(self, image: EncodedImage, like: DecodedOnce | None = None) -> None:
        self._image = image
        self._pixels: dict[int, np.ndarray] = {} if like is None else like._pixels
        self.largest_reduction = image.largest_reduction

    def is_of(self, data: bytes) -> bool:
        """Whether this is the content of the file."""
        return self._image.data == data

    def decode(self, reduction: int = 1) -> np.ndarray:
        """See `EncodedImage.decode`."""
        if reduction not in self._pixels:
            self._pixels[reduction] = self._image.decode(reduction)
        return self._pixels[reduction]


@dataclass(frozen=True)
class ImagePart:
    """A rectangle of an image that is decoded once it is needed.

    Args:
        image: the whole one.
        box: (left, top, right, bottom) px; left and top are multiples of 8, so that pixels of the
            part, at any reduction, are pixels of the whole.
    """

    image: DecodedOnce | EncodedImage
    box: tuple[int, int, int, int]

    def decode(self, reduction: int = 1) -> np.ndarray:
        """See `EncodedImage.decode`; the pixels must not be written to."""
        left, top, right, bottom = (-(-side // reduction) for side in self.box)
        return self.image.decode(reduction)[top:bottom, left:right]

    def largest_reduction(self, shrinks: float) -> int:
        """See `EncodedImage.largest_reduction`."""
        return self.image.largest_reduction(shrinks)
