"""Statistics of batch norms that do not depend on which rank one asks."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist
from mmengine.hooks import Hook
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mroi_plugin.registry import HOOKS, register
from mroi_plugin.utils.dist import world_size


@register(HOOKS)
class MeanStatisticsHook(Hook):
    """Average the running means and variances of all ranks after every epoch.

    Each rank keeps those of its own samples. Checkpoints hold rank 0's, while every rank validates
    its share of the persons: without this the metrics of an epoch would depend on how they are
    shared out. mmengine's ``SyncBuffersHook`` averages all buffers, those of the body among them.
    """

    def after_train_epoch(self, runner: Any) -> None:
        """Before the epoch's checkpoint is written."""
        mean_statistics(runner.model)


def mean_statistics(model: nn.Module) -> None:
    """Set the running statistics of a model's batch norms to their means over the ranks."""
    if world_size() == 1:
        return
    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            for values in (module.running_mean, module.running_var):
                dist.all_reduce(values)
                values /= world_size()
