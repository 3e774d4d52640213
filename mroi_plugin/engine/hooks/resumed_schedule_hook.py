"""Schedules of a run that is resumed with other settings than it had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim.scheduler.param_scheduler import INF, _ParamScheduler
from mmengine.runner import EpochBasedTrainLoop

from mroi_plugin.engine.loops.resumable_epoch_loop import ResumableEpochLoop
from mroi_plugin.registry import HOOKS, register
from mroi_plugin.utils.errors import UsageError

LENGTHS = ('end', 'T_max', 'total_iters', 'total_steps', 'step_size', 'milestones')
"""Of mmengine's schedulers: what says how long they are, in epochs or iterations."""
TOLERANCE = 0.01
"""Share by which the length in epochs may differ, as the last batch is full or not."""


@register(HOOKS)
class ResumedScheduleHook(Hook):
    """Refuse to resume a run whose learning rates have another length than those of the config.

    mmengine goes on with the schedules of the checkpoint: of a run that had come to its end, and
    is given more epochs, the rates would stay as low as they were, or climb again. Where epochs
    have another number of iterations than before, as with another batch size, it is said.
    """

    def before_run(self, runner: Any) -> None:
        """Note the schedules of the config."""
        self.expected = _lengths(runner.param_schedulers)

    def before_train(self, runner: Any) -> None:
        """Compare them with those that the checkpoint has put in their place.

        Raises:
            UsageError: if they are of other lengths.
        """
        loop = runner.train_loop
        if not isinstance(loop, EpochBasedTrainLoop):
            return
        if loop.epoch >= loop.max_epochs:
            runner.logger.warning(
                f'The {loop.max_epochs} epochs of this run are done: nothing is left to train.'
            )
        now, before = len(loop.dataloader), _epoch_length(loop)
        if before != now:
            runner.logger.warning(
                f'The {loop.epoch} epochs before had {before:g} iterations each, the next have '
                f'{now}: batch size, processes or data are others than before.'
            )
        for name, (unit, length) in _lengths(runner.param_schedulers).items():
            wanted = self.expected.get(name, (unit, length))[1]
            in_epochs = wanted * before / now if unit == 'iterations' else wanted
            if wanted != length and abs(in_epochs - length) > TOLERANCE * length:
                raise UsageError(
                    f'--resume: the learning rate schedule of the checkpoint has {name}='
                    f'{length:g} {unit}, that of the config {wanted:g}: give the same --epochs and '
                    'schedule as before; or, to train on with others, leave --resume out and set '
                    'load_from to the checkpoint.'
                )


def _epoch_length(loop: EpochBasedTrainLoop) -> float:
    """Iterations of an epoch so far; the present number before the first is done."""
    start = loop.epoch_start if isinstance(loop, ResumableEpochLoop) else loop.iter
    return start / loop.epoch if loop.epoch else len(loop.dataloader)


def _lengths(schedulers: Any) -> dict[str, tuple[str, float]]:
    """Unit and length of each, by its place and name; nothing of what is not built yet."""
    groups = schedulers if isinstance(schedulers, Mapping) else {'': schedulers or ()}
    found = {}
    for group, members in groups.items():
        members = members if isinstance(members, Iterable) else ()
        for i, scheduler in enumerate(members):
            if not isinstance(scheduler, _ParamScheduler):
                continue
            unit = 'epochs' if scheduler.by_epoch else 'iterations'
            for name in LENGTHS:
                value = getattr(scheduler, name, None)
                value = max(value, default=0) if name == 'milestones' and value else value
                if isinstance(value, (int, float)) and value < INF:
                    found[f'{group}{"." if group else ""}{i}.{name}'] = (unit, float(value))
    return found
