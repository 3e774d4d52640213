"""Supervision by SMPL parameters and the mesh they give."""

from __future__ import annotations

from torch import Tensor, nn

from mroi_plugin.models.losses.masked import masked_mean
from mroi_plugin.registry import MODELS, register


def _per_person(mask: Tensor, like: Tensor) -> Tensor:
    """A mask (N) shaped to broadcast over everything behind the first dimension of ``like``."""
    return mask.view(-1, *[1] * (like.dim() - 1))


class _MaskedLoss(nn.Module):
    """Masked mean of an elementwise error over the persons that have SMPL parameters.

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def error(self, pred: Tensor, target: Tensor) -> Tensor:
        return (pred - target).square()

    def forward(self, pred: Tensor, target: Tensor, has_smpl: Tensor) -> Tensor:
        """Loss of ``pred`` against ``target``, both (N, ...); ``has_smpl`` (N) is 0 or 1; a
        scalar."""
        error = self.error(pred, target)
        return self.loss_weight * masked_mean(error, _per_person(has_smpl, error))


@register(MODELS, host='LOSSES')
class SMPLPoseLoss(_MaskedLoss):
    """Squared difference of rotation matrices (N, 24, 3, 3) (``L_smpl`` of Eq. 18, as in SPIN)."""


@register(MODELS, host='LOSSES')
class SMPLBetasLoss(_MaskedLoss):
    """Squared difference of shape coefficients (N, 10) (``L_smpl`` of Eq. 18, as in SPIN)."""


@register(MODELS, host='LOSSES')
class VertexLoss(_MaskedLoss):
    """``L_vert``: absolute difference of vertices (N, V, 3) in metres (Eq. 18)."""

    def error(self, pred: Tensor, target: Tensor) -> Tensor:
        return (pred - target).abs()
