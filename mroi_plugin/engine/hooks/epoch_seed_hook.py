"""Random numbers that depend on (seed, epoch, iteration) alone, so that a resumed run repeats
them."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook

from mroi_plugin.registry import HOOKS, register


@register(HOOKS)
class EpochSeedHook(Hook):
    """Seed the augmentation of every epoch and the dropout of every iteration.

    mmengine's checkpoints hold no generator states. With this hook random numbers are functions of
    the run's seed, the epoch and the iteration, hence a resumed run repeats the undisturbed one.
    The start of an epoch is too early for dropout: what the loader draws there differs between
    workers that are new and workers that have been kept.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner: Any) -> None:
        """Seed the loader's workers, and the dataset where it offers ``set_epoch``."""
        epoch, seed = runner.epoch, runner.seed
        torch.manual_seed(seed + 1_000_003 * epoch + runner.rank)
        dataset = runner.train_dataloader.dataset
        if hasattr(dataset, 'set_epoch'):
            dataset.set_epoch(epoch, seed)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Seed what the model draws, differently on every rank."""
        torch.manual_seed(runner.seed + 1_000_003 * (runner.iter + 1) + 7919 * (runner.rank + 1))
