"""Supervision by the vertices of SMPL meshes."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mroi_plugin.models.losses.masked import instance_mean
from mroi_plugin.registry import MODELS, register


def vertex_loss(pred: Tensor, target: Tensor, has_vertices: Tensor) -> Tensor:
    """``L_vert = mean |V - V'|`` (Eq. 18).

    Args:
        pred: (N, V, 3) meters, in the frame of the body.
        target: the same shape and unit.
        has_vertices: (N) 1 for persons whose vertices are known, 0 for others, who do not count.

    Returns:
        Scalar.

    Example:
        >>> import torch
        >>> pred, target = torch.zeros(2, 5, 3), torch.full((2, 5, 3), 2.0)
        >>> vertex_loss(pred, target, torch.tensor([1.0, 0.0]))
        tensor(2.)
    """
    return instance_mean((pred - target).abs(), has_vertices)


@register(MODELS, mmhuman3d='LOSSES')
class VertexLoss(nn.Module):
    """`vertex_loss` of ``pred_vertices`` (Eq. 18).

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``pred_vertices`` (N, V, 3) m.
            batch: ``target_vertices`` likewise, ``has_vertices`` (N).
        """
        pred = outputs['pred_vertices']
        return self.loss_weight * vertex_loss(pred, batch['target_vertices'], batch['has_vertices'])
