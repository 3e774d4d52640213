"""Means and rows over the ranks of distributed training, with their gradients.

Distributed training averages the gradients of the ranks. Every function here makes the mean over
ranks of a loss equal the loss of the whole batch in one process; backends without sums of their own
on a CPU do, which ``torch.nn.SyncBatchNorm`` does not.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


def world_size() -> int:
    """Number of processes; 1 outside of distributed training."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def is_sharded(model: nn.Module) -> bool:
    """Whether each rank holds but a part of the weights."""
    return any(hasattr(parameter, 'full_tensor') for parameter in model.parameters())


def mean_over_ranks(count: Tensor) -> Tensor:
    """Mean of a constant, e.g. a number of supervised elements, over the ranks.

    A sum over one rank's elements divided by it has, averaged over the ranks, the sum over all
    elements divided by their number.
    """
    if world_size() == 1:
        return count
    total = count.detach().double()
    dist.all_reduce(total)
    return total / world_size()


class _AllGather(torch.autograd.Function):
    """Concatenate the tensors of all ranks; each rank receives the gradients that all ranks have of
    its own."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        z = z.contiguous()
        parts = [torch.empty_like(z) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, z)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Sum of the gradients of all ranks."""
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


class AllReduce(torch.autograd.Function):
    """Sum over the ranks; its gradient is the sum of those of all ranks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Sum of ``x`` over the ranks."""
        x = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Sum of the gradients of all ranks."""
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient


def gather_across_ranks(z: Tensor) -> tuple[Tensor, int]:
    """Rows (N, ...) of all ranks, with gradients, and where this rank's begin; ranks need equal
    N."""
    if world_size() == 1:
        return z, 0
    return _AllGather.apply(z), dist.get_rank() * len(z)
