"""Sizes of images, from their headers."""

from __future__ import annotations

import os.path as osp
from collections.abc import Sequence

import numpy as np

from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.utils.progress import track


def image_sizes(path: str, names: Sequence[str], image_dir: str, quiet: bool = True) -> np.ndarray:
    """Width and height of every image; each file is opened once, no pixel is decoded.

    Args:
        path: the annotation file, for messages.
        names: N names relative to ``image_dir``.
        image_dir: folder of the images.
        quiet: show no progress bar.

    Returns:
        (N, 2) pixels, as stored: orientation tags are not followed.

    Raises:
        AnnotationError: naming the first sample whose image is missing or cannot be read.
    """
    first = {name: row for row, name in reversed(list(enumerate(names)))}
    unique = list(dict.fromkeys(names))
    known = {
        name: _size(path, first[name], name, image_dir)
        for name in track(unique, 'image sizes', len(unique), quiet)
    }
    return np.array([known[name] for name in names], float)


def _size(path: str, row: int, name: str, image_dir: str) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(osp.join(image_dir, name)) as image:
            return image.size
    except FileNotFoundError:
        raise AnnotationError(
            f'{path}: the image of sample {row} ({name}) is not in {image_dir}: image paths are '
            'relative to --image-dir.'
        ) from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise AnnotationError(
            f'{path}: the image of sample {row} ({name}) cannot be read: {error}.'
        ) from error
