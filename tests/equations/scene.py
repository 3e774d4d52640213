"""Inputs of the checks: random but plausible, the same on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

PERSONS, ROIS, WIDTH = 3, 5, 8


def to_numpy(value: Any) -> np.ndarray:
    """A tensor as a float64 array on the CPU; anything else as an array."""
    return value.detach().double().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)


class Scene:
    """float32 tensors, named for what they stand for; pixels, meters, radians."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)

        def make(array: np.ndarray) -> Tensor:
            return torch.from_numpy(array.astype(np.float32))

        shape = (PERSONS, ROIS)
        scale, shift = rng.uniform(0.6, 1.2, (*shape, 1)), rng.normal(0, 0.1, (*shape, 2))
        center, side = rng.uniform(-200, 200, (*shape, 2)), rng.uniform(80, 500, (*shape, 1))
        self.cameras = make(np.concatenate([scale, shift], -1))
        self.rois = make(np.concatenate([center, side], -1))
        self.focal = make(rng.uniform(700, 1500, PERSONS))
        self.joints = make(rng.normal(0, 0.3, (PERSONS, 14, 3)))
        self.true_joints = make(rng.normal(0, 0.3, (PERSONS, 14, 3)))
        self.pixels = make(rng.uniform(-300, 300, (PERSONS, 14, 2)))
        self.features = make(rng.normal(0, 1, (*shape, WIDTH)))
        # Multiples of 1/64: their differences are exact, as the loop takes them.
        self.bbox_info = make(rng.integers(-200, 200, (*shape, 3)) / 64)
        self.six = make(rng.normal(0, 1, (24, 6)))
        self.vectors = make(rng.normal(0, 1, (PERSONS, 24, 3)))
        self.has = torch.tensor([1.0, 0.0, 1.0])
