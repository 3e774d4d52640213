"""Batch norm over the rows of all ranks.

Written by hand: ``torch.nn.SyncBatchNorm`` runs on GPUs alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mroi_plugin.utils.dist import AllReduce, world_size


class RankBatchNorm1d(nn.BatchNorm1d):
    """``BatchNorm1d`` over the rows of all ranks, for training; in one process it is that class.

    Input and output are (n, C); ranks may differ in n.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (n, C)."""
        if not self.training or world_size() == 1:
            return super().forward(x)
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        count = wide.new_full((1, x.shape[1]), len(x))
        sums = AllReduce.apply(torch.cat([count, wide.sum(0, keepdim=True)]))
        total, mean = sums[0, 0], sums[1] / sums[0, 0]
        variance = AllReduce.apply((wide - mean).square().sum(0)) / total
        with torch.no_grad():
            self.num_batches_tracked += 1
            unbiased = variance * total / (total - 1).clamp(min=1)
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
            self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)
        scale = (variance + self.eps).rsqrt() * self.weight
        return ((wide - mean) * scale + self.bias).to(x.dtype)
