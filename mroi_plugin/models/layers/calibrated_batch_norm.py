"""Batch norm for a network that was trained with it and stored without."""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn


class CalibratedBatchNorm2d(nn.BatchNorm2d):
    """``BatchNorm2d`` whose first training batch sets scale and shift to its own statistics.

    It passes that batch through as it is, and every input before it, but for its first shift, 0
    where nothing else was set: put into a trained network, it changes how the network learns and
    not what it knows. Input and output are (N, C, h, w).
    """

    def __init__(self, num_features: int, momentum: float = 0.02) -> None:
        super().__init__(num_features, momentum=momentum)
        nn.init.constant_(self.weight, (1 + self.eps) ** 0.5)
        self._calibrated = False

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, h, w)."""
        if self.training and not self._calibrated:
            if self.num_batches_tracked == 0:
                self._calibrate(x.detach())
            self._calibrated = True
        return super().forward(x)

    @torch.no_grad()
    def _calibrate(self, x: Tensor) -> None:
        mean = x.mean((0, 2, 3))
        all_reduce(mean, 'mean')
        variance = (x - mean.view(-1, 1, 1)).square().mean((0, 2, 3))
        all_reduce(variance, 'mean')
        self.running_mean.copy_(mean)
        self.running_var.copy_(variance)
        self.weight.copy_((variance + self.eps).sqrt())
        self.bias.add_(mean)


def fold_batch_norm(
    weight: Tensor, bias: Tensor, norm: dict[str, Tensor], eps: float = 1e-5
) -> tuple[Tensor, Tensor]:
    """Weight and bias of the convolution that does what a convolution and its batch norm do.

    Args:
        weight: (O, I, k, k).
        bias: (O).
        norm: ``weight``, ``bias``, ``running_mean`` and ``running_var`` (O) of the batch norm.
        eps: of the batch norm.
    """
    scale = norm['weight'] / (norm['running_var'] + eps).sqrt()
    shift = (bias - norm['running_mean']) * scale + norm['bias']
    return weight * scale.view(-1, 1, 1, 1), shift
