"""Rotations by six numbers, as SPIN's networks regress them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mroi_plugin.utils.precision import at_least_float32


def rotation_6d_to_matrix(x: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3), float32 at least, of SPIN's 6D representation (..., 6) (Zhou
    et al., CVPR 2019).

    ``x.view(3, 2)`` holds the first two *columns*, which Gram-Schmidt makes orthonormal. By hand:
    `roma.special_gramschmidt`, equal to it, fixes the batch size of an exported ONNX graph.
    """
    first, second = at_least_float32(x).reshape(*x.shape[:-1], 3, 2).unbind(-1)
    first = F.normalize(first, dim=-1)
    second = F.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1)
    return torch.stack([first, second, torch.cross(first, second, dim=-1)], dim=-1)
