"""Random numbers that depend on (seed, epoch) alone, so that a resumed run repeats them."""

from __future__ import annotations

import torch
from mmengine.hooks import Hook

from mroi_plugin.registry import HOOKS, register


@register(HOOKS)
class EpochSeedHook(Hook):
    """Seed augmentation and dropout at the start of every training epoch.

    mmengine's checkpoints hold no generator states. With this hook the random numbers of epoch e
    are functions of the run's seed and e, hence a run resumed at an epoch repeats the undisturbed
    one.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner) -> None:
        """Seed torch, and the dataset where it offers ``set_epoch``."""
        epoch, seed = runner.epoch, runner.seed
        torch.manual_seed(seed + 1_000_003 * epoch + runner.rank)
        dataset = runner.train_dataloader.dataset
        if hasattr(dataset, 'set_epoch'):
            dataset.set_epoch(epoch, seed)
