"""Images from files, arrays, folders, patterns and videos, one at a time, upright."""

from __future__ import annotations

import glob
import io
import os
import os.path as osp
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import cv2
import numpy as np
from PIL import ExifTags, Image

from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.loading import EncodedImage

IMAGES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v')
DIAGONAL_35MM = float(np.hypot(36, 24))
MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0}
"""Millimeters of EXIF's FocalPlaneResolutionUnit: inch, centimeter, millimeter."""
Input = Union[str, os.PathLike, np.ndarray, Sequence[Any]]


@dataclass(frozen=True)
class InputImage:
    """An image or a frame of a video.

    Attributes:
        name: path of the image, or ``video.mp4#000012``.
        size: (w, h) px, upright; (0, 0) if it cannot be used.
        source: encoded image, or pixels (H, W, 3) uint8 RGB.
        focal_length: px, that the file tells; None if it does not.
        frame: number in its video.
        error: why it cannot be used.
    """

    name: str
    size: tuple[int, int] = (0, 0)
    source: EncodedImage | np.ndarray | None = None
    focal_length: float | None = None
    frame: int | None = None
    error: str | None = None

    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB, decoded anew.

        Raises:
            InvalidSampleError: if the file is damaged.
        """
        return self.source if isinstance(self.source, np.ndarray) else self.source.decode()


def iterate_images(inputs: Input) -> Iterator[InputImage]:
    """Every image of the inputs, read when it is asked for; one that cannot be used says why.

    Args:
        inputs: path of an image, a video or a folder; a pattern with ``*``; an array (H, W), (H, W,
            3 or 4) RGB or a list of all these. Folders are read in the order of their names.
    """
    if isinstance(inputs, np.ndarray):
        yield _of_array(inputs, 'array')
    elif isinstance(inputs, (str, os.PathLike)):
        yield from _of_path(os.fspath(inputs))
    elif isinstance(inputs, (bytes, Mapping)) or not hasattr(inputs, '__iter__'):
        raise TypeError(
            f'inputs: {type(inputs).__name__}; expected paths, arrays, or a list of them.'
        )
    else:
        for i, item in enumerate(inputs):
            if isinstance(item, np.ndarray):
                yield _of_array(item, f'array_{i:06d}')
            else:
                yield from iterate_images(item)


def count_images(inputs: Input) -> int:
    """Number of images and frames that `iterate_images` will yield, without reading them.

    Frames are counted as the video's header says.
    """
    if isinstance(inputs, np.ndarray):
        return 1
    if not isinstance(inputs, (str, os.PathLike)):
        return sum(count_images(item) for item in inputs)
    path = os.fspath(inputs)
    if osp.isdir(path):
        names = [n for n in os.listdir(path) if n.lower().endswith((*IMAGES, *VIDEOS))]
        return sum(count_images(osp.join(path, name)) for name in names)
    if path.lower().endswith(VIDEOS) and osp.isfile(path):
        video = cv2.VideoCapture(path)
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        video.release()
        return max(count, 1)
    if glob.has_magic(path) and not osp.exists(path):
        return sum(count_images(name) for name in glob.glob(path, recursive=True))
    return 1


def _of_path(path: str) -> Iterator[InputImage]:
    if osp.isdir(path):
        names = sorted(n for n in os.listdir(path) if n.lower().endswith((*IMAGES, *VIDEOS)))
        if not names:
            yield InputImage(path, error=f'the folder has no images ({", ".join(IMAGES)}).')
        for name in names:
            yield from _of_path(osp.join(path, name))
    elif path.lower().endswith(VIDEOS) and osp.isfile(path):
        yield from _frames(path)
    elif osp.isfile(path):
        yield read_image(path)
    elif glob.has_magic(path):
        found = sorted(glob.glob(path, recursive=True))
        if not found:
            yield InputImage(path, error='the pattern matches nothing.')
        for name in found:
            yield from _of_path(name)
    else:
        yield InputImage(path, error='no such file or folder.')


def read_image(path: str) -> InputImage:
    """An image with what its EXIF says; damaged ones say why they cannot be used."""
    try:
        data = Path(path).read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            stored, exif = image.size, image.getexif()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return InputImage(path, error=f'it cannot be read as an image: {error}.')
    encoded = EncodedImage(data, {'image_path': path})
    turned = exif.get(ExifTags.Base.Orientation.value, 1) not in (0, 1)
    try:
        source = _upright(data) if turned else encoded
        pixels = source if turned else None
    except InvalidSampleError as error:
        return InputImage(path, error=str(error))
    size = stored if pixels is None else (pixels.shape[1], pixels.shape[0])
    return InputImage(path, size, source, exif_focal_length(exif, stored))


def _upright(data: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise InvalidSampleError(f'its {len(data)} bytes cannot be decoded as an image.')
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def exif_focal_length(exif: Image.Exif, size: tuple[int, int]) -> float | None:
    """Focal length in px that an image's EXIF tells, None if it does not.

    That is the equivalent for 35 mm film, which compares diagonals; or else the focal length with
    the resolution of the sensor.

    Args:
        exif: of the image.
        size: (w, h) px, as stored.
    """
    told = exif.get_ifd(ExifTags.IFD.Exif.value)
    equivalent = _number(told, ExifTags.Base.FocalLengthIn35mmFilm)
    if equivalent:
        return equivalent / DIAGONAL_35MM * float(np.hypot(*size))
    millimeters = _number(told, ExifTags.Base.FocalLength)
    resolution = _number(told, ExifTags.Base.FocalPlaneXResolution)
    unit = MM_PER_UNIT.get(told.get(ExifTags.Base.FocalPlaneResolutionUnit.value, 2))
    if not (millimeters and resolution and unit):
        return None
    width = _number(told, ExifTags.Base.ExifImageWidth) or size[0]  # before it was resized
    return millimeters * resolution / unit * size[0] / width


def _number(told: Mapping[int, Any], tag: ExifTags.Base) -> float:
    """A positive number, 0 if there is none."""
    try:
        value = float(told.get(tag.value, 0))
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
    return value if np.isfinite(value) and value > 0 else 0.0


def _of_array(array: np.ndarray, name: str) -> InputImage:
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, 2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or array.dtype != np.uint8:
        found = f'{array.dtype} of shape {array.shape}'
        return InputImage(
            name, error=f'{found}; expected uint8 (H, W), (H, W, 3) or (H, W, 4), RGB.'
        )
    if 0 in array.shape:
        return InputImage(name, error=f'the array of shape {array.shape} is empty.')
    pixels = np.ascontiguousarray(array[..., :3])
    return InputImage(name, (pixels.shape[1], pixels.shape[0]), pixels)


def _frames(path: str) -> Iterator[InputImage]:
    video = cv2.VideoCapture(path)
    try:
        number = 0
        while True:
            done, frame = video.read()
            if not done:
                break
            name = f'{path}#{number:06d}'
            yield InputImage(
                name,
                (frame.shape[1], frame.shape[0]),
                cv2.cvtColor(frame, cv2.COLOR_BGR2RGB),
                frame=number,
            )
            number += 1
        if not number:
            yield InputImage(path, error='it cannot be read as a video, or has no frame.')
    finally:
        video.release()
