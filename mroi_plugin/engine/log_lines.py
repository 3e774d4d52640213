"""Lines of a log that a person reads: names and units, nothing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mmengine.runner import LogProcessor

from mroi_plugin.evaluation.names import metrics_line
from mroi_plugin.registry import LOG_PROCESSORS, register


@register(LOG_PROCESSORS)
class ReadableLogProcessor(LogProcessor):
    """mmengine's log processor with other lines; scalars for files and visualizers are the same.

    Args:
        **kwargs: of mmengine's ``LogProcessor``.
    """

    def get_log_after_iter(self, runner: Any, batch_idx: int, mode: str) -> tuple[dict, str]:
        """Scalars, and the line about the iterations since the one before."""
        tag, _ = super().get_log_after_iter(runner, batch_idx, mode)
        size = self._get_dataloader_size(runner, mode)
        if mode == 'train':
            now = self._get_iter(runner, batch_idx)
            if self.by_epoch:
                epoch = self._get_epoch(runner, mode)
                place = f'epoch {epoch}/{runner.max_epochs}, iteration {now}/{size}'
            else:
                place = f'iteration {now}/{runner.max_iters}'
            return tag, f'{place}: ' + ', '.join([*_losses(tag), *self._progress(runner, tag)])
        name = 'validation' if mode == 'val' else 'test'
        pace = self._progress(runner, tag, 'batch')
        return tag, f'{name}, batch {batch_idx + 1}/{size}: ' + ', '.join(pace)

    def get_log_after_epoch(
        self, runner: Any, batch_idx: int, mode: str, with_non_scalar: bool = False
    ) -> tuple[dict, str]:
        """Scalars, and the line about a whole validation or test."""
        tag, line = super().get_log_after_epoch(runner, batch_idx, mode, with_non_scalar)
        told = metrics_line(tag)
        if not told:  # of metrics of other projects
            return tag, line
        if mode == 'test':
            return tag, f'test: {told}'
        if not self.by_epoch:
            return tag, f'iteration {runner.iter}, validation: {told}'
        return tag, f'epoch {self._get_epoch(runner, mode)}, validation: {told}'

    def _progress(self, runner: Any, tag: dict[str, Any], unit: str = 'iteration') -> list[str]:
        """Learning rate, norm of the gradient, memory, pace and the time left."""
        told = []
        if 'lr' in tag:
            told.append(f'learning rate {tag["lr"]:.2e}')
        if 'grad_norm' in tag:
            told.append(f'gradient norm {tag["grad_norm"]:.3g}')
        if 'memory' in tag:
            told.append(f'memory {tag["memory"]} MiB')
        if {'time', 'data_time'} <= set(tag):
            told.append(f'{tag["time"]:.3f} s per {unit} ({tag["data_time"]:.3f} s for data)')
        if 'eta' in runner.message_hub.runtime_info:
            left = timedelta(seconds=max(0, int(runner.message_hub.get_info('eta'))))
            told.append(f'{left} left')
        return told


def _losses(tag: dict[str, Any]) -> list[str]:
    parts = {
        name.replace('loss_', '').replace('_loss', ''): value
        for name, value in tag.items()
        if 'loss' in name and name != 'loss' and isinstance(value, (int, float))
    }
    if 'loss' not in tag:
        return []
    told = f'loss {tag["loss"]:.4g}'
    if len(parts) < 2:
        return [told]
    return [f'{told} ({", ".join(f"{name} {value:.3g}" for name, value in parts.items())})']
