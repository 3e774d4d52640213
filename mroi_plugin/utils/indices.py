"""Lists of whole numbers as indices of tensors on any device."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import torch
from torch import Tensor


def on_device(indices: Iterable[int], device: torch.device) -> Tensor:
    """Indices (n) int64 that are copied to a device once.

    A list as an index of a tensor is copied whenever it is used, which the host waits for.
    """
    return _kept(tuple(indices), device)


@lru_cache(maxsize=256)
def _kept(indices: tuple[int, ...], device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # it may be met by autograd later
        return torch.tensor(indices, device=device)
