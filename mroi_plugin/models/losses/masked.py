"""The one masked mean that all supervised terms share."""

from __future__ import annotations

import torch
from torch import Tensor

from mroi_plugin.models.across_ranks import mean_over_ranks


def masked_mean(error: Tensor, weight: Tensor) -> Tensor:
    """``sum(weight * error) / count(weight > 0)`` over all elements.

    Elements without supervision (weight 0) do not enter; a batch without any gives 0 with a graph.
    In distributed training the mean over ranks is that of the whole batch, however unequally they
    are supervised.

    Args:
        error: (...) elementwise error.
        weight: (...) non-negative, broadcastable to ``error``; a confidence or a 0/1 mask.

    Returns:
        Scalar.
    """
    weight = weight.to(error.dtype).expand_as(error)
    count = mean_over_ranks((weight > 0).sum())
    return (weight * error).sum() / torch.where(count > 0, count, 1)
