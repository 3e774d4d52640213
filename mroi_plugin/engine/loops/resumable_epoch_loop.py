"""Epochs that can be resumed in their middle."""

from __future__ import annotations

from mmengine.runner import EpochBasedTrainLoop

from mroi_plugin.registry import LOOPS, register


@register(LOOPS)
class ResumableEpochLoop(EpochBasedTrainLoop):
    """mmengine's training loop, going on at the iteration that a checkpoint was written at.

    Checkpoints within an epoch come from ``CheckpointHook(by_epoch=False, interval=n)``. The
    sampler leaves out what was seen, without loading it; together with `EpochSeedHook`, which makes
    random numbers functions of epoch and iteration, the run repeats the undisturbed one.

    Raises:
        TypeError: if a run is resumed within an epoch and the sampler has no ``start_at``.
    """

    def run_epoch(self) -> None:
        """The rest of the epoch."""
        done = self._iter - self._epoch * len(self.dataloader)
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
