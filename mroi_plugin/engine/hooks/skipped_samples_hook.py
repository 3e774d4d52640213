"""Hook that logs the number of skipped samples of each epoch."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook

from mroi_plugin.datasets.sample_monitor import monitored_parts
from mroi_plugin.registry import HOOKS, register


@register(HOOKS)
class SkippedSamplesHook(Hook):
    """Log the samples that data sets with ``skip_invalid=True`` have replaced, each epoch.

    The number over all data sets and ranks is also the scalar ``train/skipped_samples``.
    """

    def after_train_epoch(self, runner: Any) -> None:
        """Count, log, and start afresh."""
        parts = list(monitored_parts(runner.train_dataloader.dataset))
        skipping = [part for part in parts if part.sample_monitor.skip_invalid]
        if not skipping:
            return
        total = torch.zeros(1)
        for part in skipping:
            count = torch.tensor([float(part.sample_monitor.take_skipped())])
            all_reduce(count)
            total += count
            if count:
                runner.logger.warning(
                    f'epoch {runner.epoch + 1}: {int(count)} samples of {part.ann_file} could not '
                    'be used and were replaced (skip_invalid=True).'
                )
        runner.message_hub.update_scalar('train/skipped_samples', float(total))
