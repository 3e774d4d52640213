"""Contrastive loss between RoIs: those of one person attract, those of others repel."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.dist import gather_across_ranks
from mroi_plugin.utils.precision import at_least_float32

DENOMINATORS = ('negatives', 'all')
REDUCTIONS = ('mean', 'sum')


def contrastive_per_anchor(
    z: Tensor, others: Tensor, first: int, temperature: float, denominator: str
) -> Tensor:
    """``-1/(M-1) sum_{n != m} log(exp(z_im . z_in / tau) / D)`` of every anchor (Eq. 17).

    With ``all`` it is the supervised contrastive loss (SupCon; Khosla et al., NeurIPS 2020), the
    person being the class.

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


def multi_roi_contrastive_loss(
    z: Tensor,
    temperature: float = 0.5,
    denominator: str = 'negatives',
    reduction: str = 'mean',
    normalize: bool = True,
    gather: bool = True,
) -> Tensor:
    """`contrastive_per_anchor` over a batch, in float32 at least, autocast or not (Eq. 17).

    Args:
        z: (N, M, D) embeddings.
        temperature: tau.
        denominator: ``negatives`` (v2) or ``all`` (v1, released code).
        reduction: ``mean`` over anchors, or ``sum`` as printed.
        normalize: L2-normalize the embeddings first.
        gather: take negatives from all ranks in distributed training; ranks need equal N.

    Returns:
        Scalar; 0 where there is nothing to contrast: M = 1, or one person with ``negatives``.

    Example:
        >>> import torch
        >>> near, far = torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 0.0])
        >>> z = torch.stack([near.expand(2, 2), far.expand(2, 2)])  # two persons, two RoIs
        >>> round(multi_roi_contrastive_loss(z).item(), 4)  # log(2 exp(-2)) - 2
        -3.3069
    """
    with torch.autocast(z.device.type, enabled=False):
        z = at_least_float32(z)
        if normalize:
            z = F.normalize(z, dim=-1)
        others, first = gather_across_ranks(z) if gather else (z, 0)
        if z.shape[1] == 1 or (denominator == 'negatives' and len(others) == 1):
            return 0 * z.sum()
        loss = contrastive_per_anchor(z, others, first, temperature, denominator)
        if reduction == 'sum':  # over all ranks, whose losses are averaged
            return (len(others) // len(z)) * loss.sum()
        return loss.mean()


@register(MODELS, mmhuman3d='LOSSES')
class MultiRoIContrastiveLoss(nn.Module):
    """`multi_roi_contrastive_loss` of ``embeddings`` (Eq. 17; v1 Eq. 7).

    Args:
        temperature: tau.
        denominator: ``negatives`` (v2) or ``all`` (v1, released code).
        reduction: ``mean`` over anchors, or ``sum`` as printed.
        normalize: L2-normalize the embeddings first.
        gather: take negatives from all ranks in distributed training; ranks need equal N.
        loss_weight: factor on the result.

    Raises:
        ValueError: if ``denominator`` or ``reduction`` is unknown or the temperature not positive.
    """

    across_rois = True

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
        self.options = (temperature, denominator, reduction, normalize, gather)
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar; 0 for M = 1, which has no embeddings.

        Args:
            outputs: ``embeddings`` (N, M, D), which the head gives for losses.
            batch: not read.

        Raises:
            ValueError: if M > 1 and there are no embeddings.
        """
        if 'embeddings' in outputs:
            return self.loss_weight * multi_roi_contrastive_loss(
                outputs['embeddings'], *self.options
            )
        if outputs['pred_cam'].shape[1] > 1:
            raise ValueError(
                'MultiRoIContrastiveLoss finds no embeddings: set model.head.embedding=dict(), or '
                'remove the loss (model.losses.contrastive=None).'
            )
        return 0 * outputs['pred_cam'].sum()
