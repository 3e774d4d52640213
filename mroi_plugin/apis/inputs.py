"""Images from files, memory, folders, patterns, the web, videos and cameras, one at a time,
upright."""

from __future__ import annotations

import glob
import io
import os
import os.path as osp
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import numpy as np
import torch
from PIL import Image

from mroi_plugin.apis.array_images import (
    ArrayError,
    is_array,
    is_batch,
    pixels_of_array,
    pixels_of_pillow,
)
from mroi_plugin.apis.exif import TURNS, read_exif
from mroi_plugin.apis.folders import list_folder
from mroi_plugin.apis.video_sources import camera_name, fetch, is_address
from mroi_plugin.apis.videos import VIDEOS, VideoError, count_frames, iterate_frames
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.encoded_image import (
    MAX_PIXELS,
    EncodedImage,
    ImageFileError,
    image_size,
    opened_by_pillow,
)

Input = Union[str, os.PathLike, np.ndarray, torch.Tensor, Image.Image, Sequence[Any]]
HEIF = b'ftyp'
"""Begins, after four bytes, the files of the HEIF family: HEIC and AVIF."""


@dataclass(frozen=True)
class InputImage:
    """An image or a frame of a video.

    Attributes:
        name: path of the image, or ``video.mp4#000012``.
        size: (w, h) px, upright; (0, 0) if it cannot be used.
        source: encoded image, or pixels (H, W, 3) uint8 RGB.
        focal_length: px, that the file tells; None if it does not.
        frame: number in its video.
        time: of the frame in its video, s.
        error: why it cannot be used.
        exif_problem: why the focal length that the file tells is not believed.
    """

    name: str
    size: tuple[int, int] = (0, 0)
    source: EncodedImage | np.ndarray | None = None
    focal_length: float | None = None
    frame: int | None = None
    time: float | None = None
    error: str | None = None
    exif_problem: str | None = None

    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB, decoded anew.

        Raises:
            InvalidSampleError: if the file is damaged.
        """
        return self.source if isinstance(self.source, np.ndarray) else self.source.decode()


@dataclass(frozen=True)
class Reading:
    """What `iterate_images` is told, for all its inputs."""

    recursive: bool
    max_pixels: int
    skip: Callable[[str], bool] | None


def iterate_images(
    inputs: Input,
    recursive: bool = False,
    max_pixels: int = MAX_PIXELS,
    skip: Callable[[str], bool] | None = None,
) -> Iterator[InputImage]:
    """Every image of the inputs, read when it is asked for; one that cannot be used says why.

    Args:
        inputs: path or http(s) address of an image or a video; path of a folder; a pattern with
            ``*``; the number of a camera, see `camera_name`; an array or tensor, see
            `pixels_of_array`, or several as (N, ...); an image of Pillow; or a list of all these.
            Folders are read in the order of their names; a warning lists what is skipped there.
        recursive: read the folders in folders.
        max_pixels: larger images are not decoded.
        skip: called with the path or address of an image or video; whether to leave it out.

    Raises:
        TypeError: if an input is of another kind.
    """
    check_inputs(inputs)
    return _iterate(inputs, 'array', 'inputs', Reading(recursive, max_pixels, skip))


def check_inputs(inputs: Any, where: str = 'inputs') -> None:
    """Refuse what is no input; what is yet to be generated is looked at as it comes.

    Raises:
        TypeError: naming the place.
    """
    if isinstance(inputs, (list, tuple)):
        for i, item in enumerate(inputs):
            check_inputs(item, f'{where}[{i}]')
        return
    known = isinstance(inputs, (str, os.PathLike, Image.Image)) or is_array(inputs)
    refused = isinstance(inputs, (bytes, Mapping, io.IOBase)) or not hasattr(inputs, '__iter__')
    if refused and not known:
        raise TypeError(
            f'{where}: {type(inputs).__name__}; expected paths, arrays, tensors, PIL images, or a '
            'list of these.'
        )


def count_images(inputs: Input, recursive: bool = False) -> int | None:
    """Number of images and frames that `iterate_images` will yield, without reading them; None
    where it cannot be told, as of a camera.

    Frames are counted as the video's header says.
    """
    if is_array(inputs):
        return len(inputs) if is_batch(inputs) else 1
    if isinstance(inputs, Image.Image):
        return 1
    if not isinstance(inputs, (str, os.PathLike)):
        return _total(count_images(item, recursive) for item in inputs)
    path = os.fspath(inputs)
    if camera_name(path) is not None or (is_address(path) and is_video(path)):
        return None
    if osp.isdir(path):
        return _count_files(list_folder(path, recursive)[0], recursive)
    if is_video(path):
        return count_frames(path)
    if glob.has_magic(path) and not (osp.exists(path) or is_address(path)):
        return _count_files(_matches(path), recursive)
    return 1


def _count_files(paths: list[str], recursive: bool) -> int | None:
    """Of a folder or a pattern; one that has none is a result, which says so."""
    return _total(count_images(path, recursive) for path in paths) if paths else 1


def _total(counts: Iterator[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else sum(known)


def _iterate(inputs: Any, name: str, where: str, how: Reading) -> Iterator[InputImage]:
    check_inputs(inputs, where)
    if is_array(inputs) and not is_batch(inputs):
        yield _of_array(inputs, name)
    elif isinstance(inputs, Image.Image):
        yield _of_pillow(inputs, name, how.max_pixels)
    elif isinstance(inputs, (str, os.PathLike)):
        yield from _of_path(os.fsdecode(inputs), how)
    else:
        for i, item in enumerate(inputs):
            place = f'{where}[{i}]'
            yield from _iterate(item, f'{name}_{i:06d}', place, how)


def _of_path(path: str, how: Reading) -> Iterator[InputImage]:
    camera = camera_name(path)
    if osp.isdir(path):
        files, skipped = list_folder(path, how.recursive)
        if skipped:
            warnings.warn(f'{path}: {skipped}', stacklevel=2)
        if not files:
            yield InputImage(path, error='the folder has no images or videos.')
        for name in files:
            yield from _of_path(name, how)
    elif how.skip is not None and (osp.isfile(path) or is_address(path)) and how.skip(path):
        return
    elif camera is not None or is_video(path):
        yield from _of_video(camera or path, how.max_pixels)
    elif osp.isfile(path) or is_address(path):
        yield read_image(path, how.max_pixels)
    elif glob.has_magic(path):
        found = _matches(path)
        if not found:
            yield InputImage(path, error='the pattern matches nothing.')
        for name in found:
            yield from _of_path(name, how)
    else:
        yield InputImage(path, error='no such file or folder.')


def _matches(pattern: str) -> list[str]:
    """Paths in order. Of ``**``, which matches folders and what is in them, the files alone, each
    once, whatever links lead to it."""
    found = sorted(glob.glob(pattern, recursive=True))
    if '**' not in pattern:
        return found
    files = {osp.realpath(path): path for path in reversed(found) if osp.isfile(path)}
    return sorted(files.values())


def is_video(path: str) -> bool:
    """Whether a path or an address is that of a video, by its end."""
    if is_address(path):
        return re.split('[?#]', path)[0].lower().endswith(VIDEOS)
    return path.lower().endswith(VIDEOS) and osp.isfile(path)


def read_image(path: str, max_pixels: int = MAX_PIXELS) -> InputImage:
    """An image with what its EXIF says, from a path or an address; damaged ones say why they cannot
    be used."""
    try:
        data = fetch(path) if is_address(path) else Path(path).read_bytes()
        stored = image_size(data, max_pixels)
    except (OSError, MemoryError) as error:
        problem = str(error) or 'no memory'
        return InputImage(path, error=f'it cannot be read as an image: {problem}.')
    except ImageFileError as error:
        problem = 'HEIC and AVIF are not read here: convert it to JPEG or PNG.'
        problem = problem if data[4:8] == HEIF else str(error)
        return InputImage(path, error=f'it cannot be read as an image: {problem}')
    turn, focal, problem = _told(path, data)
    encoded = EncodedImage(data, {})
    if turn == 1:
        return InputImage(path, stored, encoded, focal, exif_problem=problem)
    try:
        pixels = np.ascontiguousarray(TURNS[turn](encoded.decode()))
    except (InvalidSampleError, MemoryError) as error:
        return InputImage(path, error=str(error) or 'no memory to decode it.')
    return InputImage(path, pixels.shape[1::-1], pixels, focal, exif_problem=problem)


def _told(path: str, data: bytes) -> tuple[int, float | None, str | None]:
    """See `read_exif`; of the first frame where there are several, which is warned of."""
    try:
        with opened_by_pillow(data) as image:
            told = read_exif(image)
            decoded_upright = image.format == 'TIFF'
            frames = 1 if image.format == 'MPO' else getattr(image, 'n_frames', 1)
    except Exception as error:  # Pillow's formats raise anything on damaged files
        return 1, None, f'its EXIF data cannot be read ({type(error).__name__}: {error}).'
    if frames > 1:
        warnings.warn(f'{path}: the first of its {frames} frames is used.', stacklevel=2)
    return (1, *told[1:]) if decoded_upright else told


def _of_array(array: np.ndarray | torch.Tensor, name: str) -> InputImage:
    try:
        pixels = pixels_of_array(array)
    except ArrayError as error:
        return InputImage(name, error=str(error))
    return InputImage(name, pixels.shape[1::-1], pixels)


def _of_pillow(image: Image.Image, name: str, max_pixels: int) -> InputImage:
    name = getattr(image, 'filename', '') or name
    if image.tell():  # a frame of several, as Pillow's ImageSequence has them
        name = f'{name}#{image.tell():06d}'
    if image.size[0] * image.size[1] > max_pixels:
        return InputImage(name, error=f'{image.size[0]}x{image.size[1]} pixels, more than '
                          f'max_pixels={max_pixels}.')  # fmt: skip
    _, focal, problem = read_exif(image)
    try:
        pixels = pixels_of_pillow(image)
    except ArrayError as error:
        return InputImage(name, error=str(error))
    return InputImage(name, pixels.shape[1::-1], pixels, focal, exif_problem=problem)


def _of_video(path: str, max_pixels: int) -> Iterator[InputImage]:
    try:
        for number, (pixels, time) in enumerate(iterate_frames(path, max_pixels)):
            name, size = f'{path}#{number:06d}', pixels.shape[1::-1]
            yield InputImage(name, size, pixels, frame=number, time=time)
    except VideoError as error:
        yield InputImage(path, error=str(error))
