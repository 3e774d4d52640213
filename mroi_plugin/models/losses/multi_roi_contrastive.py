"""Contrastive loss between RoIs: those of one person attract, those of others repel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mroi_plugin.models.across_ranks import gather_persons
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
            others, first = gather_persons(z) if self.gather else (z, 0)
            if z.shape[1] == 1 or (self.denominator == 'negatives' and len(others) == 1):
                return 0 * z.sum()
            loss = contrastive_per_anchor(z, others, first, self.temperature, self.denominator)
            if self.reduction == 'sum':  # over all ranks, whose losses are averaged
                return self.loss_weight * (len(others) // len(z)) * loss.sum()
            return self.loss_weight * loss.mean()
