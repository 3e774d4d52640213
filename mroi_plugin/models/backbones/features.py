"""Features of backbones: one vector per crop from whatever maps a backbone gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

PROBE_PX = 64
"""Side of the black crop by which an unknown backbone shows its number of channels."""


def pool_features(outputs: Any) -> Tensor:
    """Average pool feature maps and concatenate them.

    Args:
        outputs: a map (n, D, h, w) or a feature (n, D), or several of them.

    Returns:
        (n, D), D summed over all of them.
    """
    maps = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return torch.cat([x.mean((-2, -1)) if x.dim() == 4 else x for x in maps], dim=-1)


@torch.no_grad()
def count_channels(backbone: nn.Module) -> int | None:
    """Width D of a backbone's pooled features: its ``out_channels``, or found by a black crop.

    Neither parameters nor running statistics change. None if it takes no crop of that size.
    """
    known = getattr(backbone, 'out_channels', None)
    if isinstance(known, int):
        return known
    training, weight = backbone.training, next(backbone.parameters(), torch.zeros(()))
    backbone.eval()
    try:
        crop = torch.zeros(1, 3, PROBE_PX, PROBE_PX, dtype=weight.dtype, device=weight.device)
        return pool_features(backbone(crop)).shape[-1]
    except (RuntimeError, ValueError, AssertionError):
        return None
    finally:
        backbone.train(training)
