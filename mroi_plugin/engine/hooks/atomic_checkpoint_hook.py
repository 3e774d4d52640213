"""Checkpoints that a kill, a crash or a full disk cannot spoil."""

from __future__ import annotations

import os.path as osp
from collections.abc import Mapping
from inspect import signature
from typing import Any, ClassVar

from mmengine.dist import get_world_size, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook, EMAHook

from mroi_plugin.engine import accumulation
from mroi_plugin.engine.best_metric import check_best, check_given
from mroi_plugin.engine.disk_space import check_disk_space, checkpoint_bytes
from mroi_plugin.registry import HOOKS, register
from mroi_plugin.utils.atomic_files import BACKEND, remove_parts, write_atomically


@register(HOOKS)
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, whose files appear complete or not at all.

    mmengine writes into the file itself, and removes an old checkpoint before the new one is there:
    whoever is killed meanwhile has lost both. Here a file is written beside its place and moved
    there, ``last_checkpoint`` too, and old ones go last. Before training starts, the disk is asked
    for the room that all of them will need. A checkpoint within a step of several iterations holds
    the gradients of those done.

    Its options are those of ``CheckpointHook``. Checkpoints on another storage (``s3://...``) are
    left to mmengine.

    Raises:
        ValueError: before training, for an unknown option, or if ``save_best`` is a metric that the
            validation does not give or ``rule`` the wrong sense of it.
        OSError: before training, if the disk has too little room; later, naming the file, if one
            cannot be written.
        UsageError: before training, if a step cannot be gone on with as it was begun.
    """

    _progress: ClassVar[dict[str, int]] = {}
    """Epoch and iteration of the checkpoint that is being written."""
    _begun: dict[str, Any] | None = None
    """See `accumulation.begun_step`; of the checkpoint that is being written, or resumed from."""

    def before_train(self, runner: Any) -> None:
        """Look for room, and clear away what a killed run was writing."""
        unknown = sorted(set(self.args) - set(signature(runner.save_checkpoint).parameters))
        if unknown:
            raise ValueError(
                f'default_hooks.checkpoint has no option {", ".join(unknown)}: see mmengine\'s '
                'CheckpointHook.'
            )
        evaluator = getattr(runner.val_loop, 'evaluator', None)
        if self.save_best and isinstance(evaluator, Evaluator):
            check_best(self.key_indicators, self.rules, evaluator.metrics)
        local = '://' not in str(self.out_dir or runner.work_dir)
        if local and self.backend_args is None and self.file_client_args is None:
            self.backend_args = {'backend': BACKEND}
        super().before_train(runner)
        if self._begun is not None:
            accumulation.go_on(runner, self._begun)
            self._begun = None
        if local and is_main_process():
            remove_parts(self.out_dir)
            remove_parts(runner.work_dir)
            needed, what = self._room(runner)
            check_disk_space(self.out_dir, needed, what)

    def _room(self, runner: Any) -> tuple[int, str]:
        """Bytes that the checkpoints of the rest of the run need, those there left out."""
        averaged = any(isinstance(hook, EMAHook) for hook in runner.hooks)
        ranks = get_world_size() if accumulation.accumulates(runner) else 0
        weights, full = checkpoint_bytes(runner.model, averaged, ranks)
        full = full if self.save_optimizer else weights
        done, end = (
            (runner.epoch, runner.max_epochs) if self.by_epoch else (runner.iter, runner.max_iters)
        )
        left = max(0, end - done)
        interval = self.interval if self.interval > 0 else left + 1
        count = -(-left // interval) if self.save_last else left // interval
        if self.max_keep_ckpts > 0:
            kept = [self.filename_tmpl.format(step) for step in self.keep_ckpt_ids]
            there = sum(osp.isfile(osp.join(self.out_dir, name)) for name in kept)
            count = min(count, self.max_keep_ckpts + 1 - there)  # the new one before the old goes
        best = 2 * weights * bool(self.save_best)
        return count * full + best, f'{count} checkpoints'

    def _save_checkpoint_with_step(self, runner: Any, step: int, meta: dict[str, Any]) -> None:
        outdated = self._outdated(runner, step)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        epoch, iteration = (step, runner.iter) if self.by_epoch else (runner.epoch, step)
        self._progress = {'epoch': epoch, 'iter': iteration}
        if self.save_optimizer and accumulation.accumulates(runner):
            self._begun = accumulation.begun_step(runner)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        self._progress, self._begun = {}, None
        if is_main_process():
            write_atomically(self.last_ckpt.encode(), osp.join(runner.work_dir, 'last_checkpoint'))
            self._remove(outdated)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Keep the epoch and the iteration that it is of: mmengine's ``FlexibleRunner`` counts one
        more where a checkpoint is written again after its validation."""
        checkpoint['meta'].update(self._progress)
        if self._begun is not None:
            checkpoint[accumulation.ENTRY] = self._begun

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Keep the step that it has begun."""
        if runner._resume:
            self._begun = checkpoint.get(accumulation.ENTRY)

    def _outdated(self, runner: Any, step: int) -> str | None:
        """The checkpoint that the one of ``step`` replaces; notes in the run which are kept."""
        if self.max_keep_ckpts <= 0 or step in self.keep_ckpt_ids:
            return None
        full = len(self.keep_ckpt_ids) == self.max_keep_ckpts
        oldest = self.keep_ckpt_ids.popleft() if full else None
        self.keep_ckpt_ids.append(step)
        runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        if oldest is None:
            return None
        return self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(oldest))

    def _save_best_checkpoint(self, runner: Any, metrics: Mapping[str, float]) -> None:
        """The new best one first, then the removal of the one it replaces."""
        if not self.save_best:
            return
        check_given(self.key_indicators, metrics)
        several = hasattr(self, 'best_ckpt_path_dict')
        before = dict(self.best_ckpt_path_dict) if several else {'': self.best_ckpt_path}
        self._set_best(dict.fromkeys(before), several)
        super()._save_best_checkpoint(runner, metrics)
        after = self.best_ckpt_path_dict if several else {'': self.best_ckpt_path}
        self._set_best({key: after[key] or path for key, path in before.items()}, several)
        for key, path in before.items():
            if after[key] and path != after[key] and is_main_process():
                self._remove(path)

    def _set_best(self, paths: dict[str, str | None], several: bool) -> None:
        if several:
            self.best_ckpt_path_dict = paths
        else:
            self.best_ckpt_path = paths['']

    def _remove(self, path: str | None) -> None:
        if path and self.file_backend.isfile(path):
            self.file_backend.remove(path)
