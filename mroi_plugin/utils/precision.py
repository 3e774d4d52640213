"""Numbers that must not be rounded to half precision."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """A floating-point tensor in float32, or in float64 where it is that already."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
