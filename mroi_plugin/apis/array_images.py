"""Pixels of images that are in memory: arrays, tensors and Pillow's images."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

EXPECTED = (
    'uint8 0..255 or floats 0..1, RGB, of shape (H, W), (H, W, 3 or 4) or (3 or 4, H, W), or '
    'several of them as (N, ...)'
)
CHANNELS = (1, 3, 4)


class ArrayError(ValueError):
    """An array that is no image."""


def is_array(value: Any) -> bool:
    """Whether a value is an array or a tensor."""
    return isinstance(value, (np.ndarray, torch.Tensor))


def is_batch(array: np.ndarray | torch.Tensor) -> bool:
    """Whether it is several images."""
    return array.ndim == 4


def pixels_of_array(array: np.ndarray | torch.Tensor) -> np.ndarray:
    """Pixels (H, W, 3) uint8 RGB of one image, a copy: the caller may use the array again.

    Where both ends of the shape could be channels, a tensor has them first and an array last.

    Args:
        array: (H, W), (H, W, C) or (C, H, W), C = 1, 3 or 4 (alpha is left out), on any device;
            uint8, or floats from 0 to 1.

    Raises:
        ArrayError: for another shape, type or range.
    """
    first = isinstance(array, torch.Tensor)
    if isinstance(array, torch.Tensor):
        array = array.detach().cpu()
        array = (array.float() if array.is_floating_point() else array).numpy()
    found = f'{array.dtype} of shape {tuple(array.shape)}'
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or 0 in array.shape:
        raise ArrayError(f'{found}; expected {EXPECTED}.')
    ends = [array.shape[0] in CHANNELS, array.shape[2] in CHANNELS]
    if not any(ends):
        raise ArrayError(f'{found}; expected {EXPECTED}.')
    if ends[0] and (first or not ends[1]):
        array = np.moveaxis(array, 0, 2)
    array = np.repeat(array, 3, 2) if array.shape[2] == 1 else array[..., :3]
    return np.array(_as_uint8(array, found), order='C')


def _as_uint8(array: np.ndarray, found: str) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool or array.dtype.kind != 'f':
        raise ArrayError(f'{found}; expected {EXPECTED}.')
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):
        raise ArrayError(
            f'{found} with values from {low:.4g} to {high:.4g}; expected {EXPECTED}: undo a '
            'normalization, or divide by 255.'
        )
    return np.rint(array * 255).astype(np.uint8)


def pixels_of_pillow(image: Image.Image) -> np.ndarray:
    """Pixels (H, W, 3) uint8 RGB of one of Pillow's images, upright.

    Raises:
        ArrayError: if it has more than 8 bits per channel, or its file is damaged.
    """
    if image.mode.startswith(('I', 'F')):
        raise ArrayError(f'a PIL image of mode {image.mode}; expected 8 bits: RGB, L, RGBA, P.')
    try:
        return np.array(ImageOps.exif_transpose(image).convert('RGB'))
    except Exception as error:  # its file is read only now, and Pillow raises anything
        raise ArrayError(f'it cannot be read ({type(error).__name__}: {error}).') from error
