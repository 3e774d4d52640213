"""Contrastive loss between RoIs: those of one person attract, those of others repel."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from mroi_plugin.registry import MODELS, register

DENOMINATORS = ('negatives', 'all')
REDUCTIONS = ('mean', 'sum')


def contrastive_per_anchor(
    z: Tensor, others: Tensor, first: int, temperature: float, denominator: str
) -> Tensor:
    """``-1/(M-1) sum_{n != m} log(exp(z_im . z_in / tau) / D)`` for every anchor (v2 Eq. 17, v1 Eq.
    7).

    Args:
        z: (N, M, D) embeddings of the anchors.
        others: (N', M, D) embeddings of all persons, the anchors' own at ``first .. first + N``.
        first: index in ``others`` of the first anchor person.
        temperature: tau.
        denominator: D sums over the RoIs of other persons (``negatives``) or over everything but
            the anchor itself (``all``).

    Returns:
        (N, M) loss of each anchor; M must be at least 2, and N' too for ``negatives``.
    """
    n, m, _ = z.shape
    similarity = torch.einsum('imd,jkd->imjk', z, others) / temperature
    person = torch.arange(n, device=z.device)
    same_person = (person[:, None] + first) == torch.arange(len(others), device=z.device)
    same_roi = torch.eye(m, dtype=torch.bool, device=z.device)
    excluded = same_person[:, None, :, None].expand_as(similarity)
    if denominator == 'all':
        excluded = excluded & same_roi[None, :, None, :]
    log_d = similarity.masked_fill(excluded, float('-inf')).flatten(2).logsumexp(-1)
    own = similarity[person, :, person + first]  # (N, M, M)
    positives = own.masked_fill(same_roi, 0).sum(-1) / (m - 1)
    return log_d - positives


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
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


def _gather_persons(z: Tensor) -> tuple[Tensor, int]:
    """Embeddings of the persons of all ranks, with gradients, and where this rank's begin."""
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return z, 0
    return _AllGather.apply(z), dist.get_rank() * len(z)


@register(MODELS, host='LOSSES')
class MultiRoIContrastiveLoss(nn.Module):
    """Contrastive loss over the RoIs of a batch (v2 Eq. 17, v1 Eq. 7).

    Args:
        temperature: tau.
        denominator: ``negatives`` (v2) or ``all`` (v1, released code).
        reduction: ``mean`` over anchors, or ``sum`` as printed.
        normalize: L2-normalise the embeddings first.
        gather: take negatives from all ranks in distributed training; ranks need equal N.
        loss_weight: factor on the result.

    Raises:
        ValueError: if ``denominator`` or ``reduction`` is unknown or the temperature not positive.
    """

    def __init__(
        self,
        temperature: float = 0.5,
        denominator: str = 'negatives',
        reduction: str = 'mean',
        normalize: bool = True,
        gather: bool = True,
        loss_weight: float = 0.1,
    ) -> None:
        super().__init__()
        if denominator not in DENOMINATORS:
            raise ValueError(
                f'denominator={denominator!r}: expected one of {", ".join(DENOMINATORS)}.'
            )
        if reduction not in REDUCTIONS:
            raise ValueError(f'reduction={reduction!r}: expected one of {", ".join(REDUCTIONS)}.')
        if temperature <= 0:
            raise ValueError(f'temperature={temperature}: expected a positive number.')
        self.temperature = temperature
        self.denominator = denominator
        self.reduction = reduction
        self.normalize = normalize
        self.gather = gather
        self.loss_weight = loss_weight

    def forward(self, z: Tensor) -> Tensor:
        """Loss of the embeddings z (N, M, D); a scalar.

        M = 1, and a single person with ``negatives``, have nothing to contrast and contribute 0.
        Computed in float32 at least, autocast or not.
        """
        with torch.autocast(z.device.type, enabled=False):
            z = z.to(torch.promote_types(z.dtype, torch.float32))
            if self.normalize:
                z = F.normalize(z, dim=-1)
            others, first = _gather_persons(z) if self.gather else (z, 0)
            if z.shape[1] == 1 or (self.denominator == 'negatives' and len(others) == 1):
                return 0 * z.sum()
            loss = contrastive_per_anchor(z, others, first, self.temperature, self.denominator)
            return self.loss_weight * getattr(loss, self.reduction)()
