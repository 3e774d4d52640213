"""Supervision by SMPL poses."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mroi_plugin.models.losses.masked import instance_mean
from mroi_plugin.registry import MODELS, register


def pose_loss(pred: Tensor, target: Tensor, has_smpl: Tensor) -> Tensor:
    """``L_smpl = mean (R - R')^2`` of rotation matrices (Eq. 18), as in SPIN.

    Args:
        pred: (N, 24, 3, 3) rotation matrices.
        target: the same shape and unit.
        has_smpl: (N) 1 for persons with SMPL parameters, 0 for others, who do not count.

    Returns:
        Scalar.

    Example:
        >>> import torch
        >>> pred, target = torch.zeros(2, 24, 3, 3), torch.full((2, 24, 3, 3), 2.0)
        >>> pose_loss(pred, target, torch.tensor([1.0, 0.0]))
        tensor(4.)
    """
    return instance_mean((pred - target).square(), has_smpl)


@register(MODELS, mmhuman3d='LOSSES')
class SMPLPoseLoss(nn.Module):
    """`pose_loss` of ``pred_pose`` (Eq. 18).

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``pred_pose`` (N, 24, 3, 3).
            batch: ``target_pose`` likewise, ``has_smpl`` (N).
        """
        pred = outputs['pred_pose']
        return self.loss_weight * pose_loss(pred, batch['target_pose'], batch['has_smpl'])
