"""The one masked mean that all supervised terms share."""

from __future__ import annotations

import torch
from torch import Tensor

from mroi_plugin.utils.dist import mean_over_ranks


def masked_mean(error: Tensor, weight: Tensor) -> Tensor:
    """``sum(weight * error) / count(weight > 0)`` over all elements.

    Elements without supervision (weight 0) do not enter, whatever their error is; a batch without
    any gives 0 with a graph.
    In distributed training the mean over ranks is that of the whole batch, however unequally they
    are supervised.

    Args:
        error: (...) elementwise error.
        weight: (...) non-negative, broadcastable to ``error``; a confidence or a 0/1 mask.

    Returns:
        Scalar.

    Example:
        >>> import torch
        >>> masked_mean(torch.tensor([1.0, 3.0, 100.0]), torch.tensor([1.0, 1.0, 0.0]))
        tensor(2.)
    """
    weight = weight.to(error.dtype).expand_as(error)
    counted = weight > 0
    count = mean_over_ranks(counted.sum())
    return torch.where(counted, weight * error, 0).sum() / torch.where(count > 0, count, 1)


def instance_mean(error: Tensor, has: Tensor) -> Tensor:
    """`masked_mean` of errors (N, ...) over the persons whose mask ``has`` (N) is 1."""
    return masked_mean(error, has.view(-1, *[1] * (error.dim() - 1)))
