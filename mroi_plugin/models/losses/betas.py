"""Supervision by SMPL shapes."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mroi_plugin.models.losses.masked import instance_mean
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.precision import at_least_float32


def betas_loss(pred: Tensor, target: Tensor, has_betas: Tensor) -> Tensor:
    """``L_smpl = mean (beta - beta')^2`` of shape coefficients (Eq. 18), as in SPIN.

    Args:
        pred: (N, 10) shape coefficients.
        target: the same shape and unit.
        has_betas: (N) 1 for persons with coefficients of the neutral body, 0 for others, who do not
            count.

    Returns:
        Scalar.

    Example:
        >>> import torch
        >>> pred, target = torch.zeros(2, 10), torch.full((2, 10), 2.0)
        >>> betas_loss(pred, target, torch.tensor([1.0, 0.0]))
        tensor(4.)
    """
    return instance_mean((pred - target).square(), has_betas)


@register(MODELS, mmhuman3d='LOSSES')
class SMPLBetasLoss(nn.Module):
    """`betas_loss` of ``pred_betas`` (Eq. 18).

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``pred_betas`` (N, 10).
            batch: ``target_betas`` likewise, ``has_betas`` (N).
        """
        pred = at_least_float32(outputs['pred_betas'])
        return self.loss_weight * betas_loss(pred, batch['target_betas'], batch['has_betas'])
