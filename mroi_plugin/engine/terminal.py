"""What of a run's log reaches the terminal, and a progress bar below it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from rich.console import Console
from rich.file_proxy import FileProxy
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

FILE_ALONE = (
    '\n' + '-' * 60 + '\nSystem environment:',
    'Config:\n',
    'Hooks will be executed in the following order:',
    'paramwise_options --',
    'Exp name: ',
    'Distributed training is not used, all SyncBatchNorm',
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
)
"""How mmengine's messages begin that the log file has and the terminal does not ..."""
FILE_ALONE_END = 'is skipped since its requires_grad=False'
"""... and how one ends that comes for every frozen parameter."""
REFRESHED_S = 0.2


class BriefRunner(Runner):
    """mmengine's runner whose environment, config and hooks are in the log file alone."""

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """See mmengine."""
        return brief(super().build_logger(*args, **kwargs))


def brief(logger: MMLogger) -> MMLogger:
    """Keep what is for the file alone from the terminal, and say where it is."""
    if logger.log_file is not None:
        for handler in _terminal_handlers(logger):
            handler.addFilter(_is_for_the_terminal)
        logger.info(f'Environment, config and this log: {logger.log_file}')
    return logger


def _is_for_the_terminal(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    return not (text.startswith(FILE_ALONE) or text.endswith(FILE_ALONE_END))


def _terminal_handlers(logger: logging.Logger) -> list[logging.StreamHandler]:
    return [
        handler
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler)
        and not isinstance(handler, logging.FileHandler)
    ]


@contextmanager
def progress_shown(runner: Any) -> Iterator[None]:
    """Where the output is a terminal, show how far a runner is and how long it takes, below the
    lines of its log.

    Args:
        runner: of mmengine, about to train or to test.
    """
    console = Console()
    if runner.rank != 0 or not console.is_terminal:
        yield
        return
    columns = (
        TextColumn('{task.description}'),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn('ETA'),
        TimeRemainingColumn(),
    )
    # Without a thread that refreshes: loaders fork, and a child would inherit its locks.
    progress = Progress(
        *columns,
        console=console,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    runner.register_hook(_ProgressHook(progress), priority='LOWEST')
    streams = {handler: handler.stream for handler in _terminal_handlers(runner.logger)}
    with progress:
        for handler, stream in streams.items():
            handler.setStream(FileProxy(console, stream))
        try:
            yield
        finally:
            for handler, stream in streams.items():
                handler.setStream(stream)


class _ProgressHook(Hook):
    """Moves a bar for the training, and one for a validation or test while it lasts."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.training: TaskID | None = None
        self.other: TaskID | None = None
        self.refreshed = 0.0

    def before_train(self, runner: Any) -> None:
        """Begin where the run does, or goes on."""
        self.training = self.progress.add_task(
            'training', total=runner.max_iters, completed=runner.iter
        )

    def before_train_epoch(self, runner: Any) -> None:
        """Say which epoch it is."""
        if self.training is not None:
            told = f'epoch {runner.epoch + 1}/{runner.max_epochs}'
            self.progress.update(self.training, description=told)

    def after_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        """One iteration further."""
        if self.training is not None:
            self.progress.update(self.training, completed=runner.iter + 1)
            self._refresh()

    def _before_epoch(self, runner: Any, mode: str = 'train') -> None:
        if mode != 'train':
            loader = runner.val_dataloader if mode == 'val' else runner.test_dataloader
            name = 'validation' if mode == 'val' else 'test'
            self.other = self.progress.add_task(name, total=len(loader))

    def _after_iter(self, runner: Any, *_: Any, mode: str = 'train', **__: Any) -> None:
        if self.other is not None:
            self.progress.advance(self.other)
            self._refresh()

    def _after_epoch(self, runner: Any, mode: str = 'train') -> None:
        if self.other is not None:
            self.progress.remove_task(self.other)
            self.other = None

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self.refreshed >= REFRESHED_S:
            self.refreshed = now
            self.progress.refresh()
