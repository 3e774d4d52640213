"""Epochs that can be resumed in their middle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mroi_plugin.registry import LOOPS, register
from mroi_plugin.utils.errors import UsageError

PLACE = 'place_in_epoch'
"""Entry of a checkpoint's ``meta``: the first iteration of the epoch, and what an epoch is."""


@register(LOOPS)
class ResumableEpochLoop(EpochBasedTrainLoop):
    """mmengine's training loop, going on at the iteration that a checkpoint was written at.

    Checkpoints within an epoch come from ``CheckpointHook(by_epoch=False, interval=n)``. The
    sampler leaves out what was seen, without loading it; together with `EpochSeedHook`, which makes
    random numbers functions of epoch and iteration, the run repeats the undisturbed one.

    Raises:
        TypeError: if a run is resumed within an epoch and the sampler has no ``start_at``.
        UsageError: if it is resumed within an epoch, and epochs have other batches than before.
    """

    def __init__(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(runner, *args, **kwargs)
        self.epoch_start = 0
        """Iterations of all epochs that are done."""
        self.epoch_length = len(self.dataloader)
        """Iterations of an epoch; the dataloader's length is what is left of one."""
        runner.register_hook(_PlaceHook(), priority='VERY_HIGH')

    def batches(self) -> dict[str, Any]:
        """What an epoch's iterations are made of."""
        return {
            'batch_size': self.dataloader.batch_size,
            'processes': get_world_size(),
            'iterations of an epoch': self.epoch_length,
        }

    def go_to(self, meta: Mapping[str, Any]) -> None:
        """Take over the place of a checkpoint.

        Args:
            meta: of the checkpoint.
        """
        now, length = self.batches(), self.epoch_length
        place = meta.get(PLACE) or {'epoch_start': meta['epoch'] * length}
        done = meta['iter'] - place['epoch_start']
        changed = [f'{k} {place[k]}, now {v}' for k, v in now.items() if place.get(k, v) != v]
        if not 0 <= done <= length:
            changed = changed or [f'{meta["iter"]} iterations in {meta["epoch"]} epochs, now '
                                  f'{length} in each']  # fmt: skip
        if done and changed:
            raise UsageError(
                f'--resume: the checkpoint is within epoch {meta["epoch"] + 1} of a run with other '
                f'batches ({"; ".join(changed)}): give the same batch size, number of processes '
                'and data as before, or resume from a checkpoint of the end of an epoch.'
            )
        self.epoch_start = place['epoch_start']

    def run_epoch(self) -> None:
        """The rest of the epoch."""
        done = self._iter - self.epoch_start
        sampler = self.dataloader.sampler
        if done and not hasattr(sampler, 'start_at'):
            raise TypeError(
                f'the checkpoint is {done} iterations into epoch {self._epoch + 1}, and the '
                f'sampler {type(sampler).__name__} cannot start there: use MultiDatasetSampler, '
                'or a checkpoint of the end of an epoch.'
            )
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        if done:
            sampler.start_at(done * self.dataloader.batch_size)
        for index, batch in enumerate(self.dataloader, done):
            self.run_iter(index, batch)
        if done:
            sampler.start_at(0)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
        self.epoch_start = self._iter


class _PlaceHook(Hook):
    """Keep the place within the epoch in checkpoints."""

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Note it; a checkpoint of the end of an epoch counts that epoch already."""
        loop, meta = runner.train_loop, checkpoint['meta']
        start = meta['iter'] if meta['epoch'] > loop.epoch else loop.epoch_start
        meta[PLACE] = {'epoch_start': start, **loop.batches()}

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Go there, where the run is resumed and not only given weights."""
        if runner._resume:
            runner.train_loop.go_to(checkpoint['meta'])
