"""Results from files, with the images that they are of."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from torch import nn

from mroi_plugin.apis.inputs import iterate_images, read_image
from mroi_plugin.apis.video_stages import source_of
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.structures.clip_frames import iterate_clip
from mroi_plugin.structures.clip_npz import is_clip, read_clip_npz
from mroi_plugin.structures.npz_file import read_npz
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.utils.names import list_some

LONGEST = 1280
"""Side of a picture that is kept, px."""


@dataclass(frozen=True)
class Picture:
    """A result without its pixels, and its image as JPEG, reduced to `LONGEST` px; None where the
    image is not there."""

    result: ImageResult
    jpeg: bytes | None = None

    def pixels(self) -> np.ndarray | None:
        """(h, w, 3) uint8 RGB."""
        if self.jpeg is None:
            return None
        return cv2.cvtColor(cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), 1), cv2.COLOR_BGR2RGB)


def keep_picture(result: ImageResult, image: np.ndarray | None = None) -> Picture:
    """A result and the reduced image of it: its own, or a given one (H, W, 3) uint8 RGB."""
    image = result.image if image is None else image
    if image is None:
        return Picture(result)
    scale = min(1.0, LONGEST / max(image.shape[:2]))
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
    data = cv2.imencode('.jpg', cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1]
    return Picture(replace(result, image=None), data.tobytes())


def result_files(path: str) -> list[str]:
    """Files of results, in the order of their names, that a path is or that lie in it; none if it
    is another input.

    Raises:
        ValueError: for results as JSON alone, which have no meshes.
    """
    lack = (
        'holds results without meshes; view those of: mroi infer INPUT --save npz, or the image '
        'itself.'
    )
    if path.lower().endswith('.json'):
        raise ValueError(f'{path} {lack}')
    if path.lower().endswith('.npz'):
        return [path]
    if not os.path.isdir(path):
        return []
    found = sorted(str(file) for file in Path(path).glob('*.npz') if file.name[0] != '.')
    if not found and next(Path(path).glob('*.json'), None) and not _has_images(path):
        raise ValueError(f'{path} {lack}')
    return found


def _has_images(path: str) -> bool:
    return any(not file.stem.endswith('_overlay') for file in Path(path).glob('*.[jp][pn]g'))


def read_pictures(files: Sequence[str], make_body: Callable[[], nn.Module]) -> Iterator[Picture]:
    """Results of files of ``mroi infer --save npz``, with their images where these still are.

    Args:
        files: of images and of clips.
        make_body: gives `SMPLBody`, for the vertices of clips.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if it is no result.
    """
    videos: dict[str, tuple[Iterator, int]] = {}
    missing = []
    for file in files:
        clip = read_clip_npz(file) if is_clip(file) else None
        results = [read_npz(file)] if clip is None else iterate_clip(clip, make_body())
        for result in (result for result in results if result.error is None):
            image = _image_of(result, Path(file).parent, videos)
            if image is None:
                missing.append(result.name)
            yield keep_picture(result, image)
    if missing:
        warnings.warn(
            f'{list_some(missing, 1, quoted=False)}: the image is not there any more, bodies are '
            'shown without it.',
            stacklevel=2,
        )


def _image_of(
    result: ImageResult, folder: Path, videos: dict[str, tuple[Iterator, int]]
) -> np.ndarray | None:
    name = source_of(result)
    places = [Path(name), folder / Path(name).name]
    path = next((str(place) for place in places if place.is_file()), None)
    if path is None:
        return None
    if result.frame is None:
        image = read_image(path)
        try:
            pixels = image.pixels() if image.error is None else None
        except InvalidSampleError:
            return None
    else:
        frames, last = videos.get(path, (iter(()), result.frame))
        frames = frames if result.frame > last else iterate_images(path)
        videos[path] = frames, result.frame
        pixels = _frame(frames, result.frame)
    return pixels if pixels is not None and pixels.shape[1::-1] == tuple(result.size) else None


def _frame(frames: Iterable, number: int) -> np.ndarray | None:
    """A frame of a video that is read on from where it was."""
    for image in frames:
        if image.frame == number:
            return image.source
        if image.frame is None or image.frame > number:
            return None
    return None
