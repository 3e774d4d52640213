"""Kinds of arguments that the Python interface takes, brought to one form each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch


def as_path(name: str, value: Any) -> str:
    """The text of a path.

    Raises:
        TypeError: naming the argument.
    """
    if isinstance(value, (str, os.PathLike)):
        return os.fsdecode(value)
    raise TypeError(f'{name}: {type(value).__name__}; expected a path (str or pathlib.Path).')


def as_number(name: str, value: Any, unit: str) -> float:
    """A number, which may come as an array or tensor of one.

    Raises:
        TypeError: naming the argument and its unit.
    """
    value = plain(value)
    array = np.asarray(value) if not isinstance(value, (str, bytes, bool)) else np.zeros(0)
    if array.size != 1 or array.dtype.kind not in 'fiu':
        raise TypeError(f'{name}: {value!r:.60}; expected a number, {unit}.')
    return float(array.reshape(()))


def as_boxes(boxes: Any) -> Any:
    """Boxes as `GivenBoxes` takes them.

    Raises:
        TypeError: for another kind.
    """
    kinds = (str, os.PathLike, Mapping, list, tuple, np.ndarray, torch.Tensor)
    if not isinstance(boxes, kinds):
        raise TypeError(
            f'boxes: {type(boxes).__name__}; expected (n, 4) of x, y, w, h px, a mapping of these '
            'by image names, or the path of a file.'
        )
    return plain(boxes)


def plain(value: Any) -> Any:
    """A value with NumPy's arrays in place of tensors, and texts in place of paths, inside too."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value


def check_arguments(detector: Any, options: Any) -> None:
    """Refuse a detector or overrides of another kind.

    Raises:
        TypeError: naming the argument.
    """
    if not (isinstance(detector, Mapping) or callable(detector)):
        raise TypeError(
            f'detector: {detector!r:.60}; expected dict(type=...) of one of DETECTORS, or a '
            'callable from an image to boxes and scores.'
        )
    if isinstance(options, (str, bytes)):
        raise TypeError(f'options: {options!r:.60}; expected a list of KEY=VALUE texts.')
