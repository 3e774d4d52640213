"""Validation that a killed run had not come to, made up for when it is resumed."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mroi_plugin.registry import HOOKS, register

DONE = 'validated_epoch'
"""Under which the run, and so its checkpoints, note the last epoch that was validated."""


@register(HOOKS)
class MissedValidationHook(Hook):
    """Validate first where a run is resumed from a checkpoint written before its validation.

    An epoch's checkpoint is written, then the epoch is validated; mmengine goes on with the next
    epoch, or ends, whether or not that was done. A validation that was done after the checkpoint
    is repeated, for the checkpoint cannot know.
    """

    priority = 'LOWEST'

    def before_train(self, runner: Any) -> None:
        """Validate the last epoch, if it was to be."""
        loop, done = runner.train_loop, runner.message_hub.runtime_info.get(DONE)
        if runner.val_loop is None or not isinstance(loop, EpochBasedTrainLoop):
            return
        ended = loop.epoch > 0 and loop.iter == loop.epoch * len(loop.dataloader)
        due = loop.epoch % loop.val_interval == 0 or loop.epoch == loop.max_epochs
        if ended and due and loop.epoch >= loop.val_begin and done != loop.epoch:
            runner.logger.info(f'Epoch {loop.epoch} may not have been validated: doing so first.')
            runner.val_loop.run()

    def before_val_epoch(self, runner: Any) -> None:
        """Note it; the next checkpoint, which keeps the note, is written after the validation."""
        runner.message_hub.update_info(DONE, runner.epoch)
