"""The one masked mean that all supervised terms share."""

from __future__ import annotations

from torch import Tensor


def masked_mean(error: Tensor, weight: Tensor) -> Tensor:
    """``sum(weight * error) / count(weight > 0)`` over all elements.

    Elements without supervision (weight 0) do not enter; a batch without any gives 0 with a graph.

    Args:
        error: (...) elementwise error.
        weight: (...) non-negative, broadcastable to ``error``; a confidence or a 0/1 mask.

    Returns:
        Scalar.
    """
    weight = weight.to(error.dtype).expand_as(error)
    return (weight * error).sum() / (weight > 0).sum().clamp(min=1)
