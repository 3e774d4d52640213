"""Failures of loader workers, told with the sample, the iteration and what to do."""

from __future__ import annotations

import re
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.runner import BaseLoop

from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.sample_monitor import monitored_parts
from mroi_plugin.engine.config_keys import LOOPS
from mroi_plugin.engine.loader_limits import advice
from mroi_plugin.utils.errors import message_of

DEAD = re.compile(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)(.*)')
"""How torch says that a worker has died."""
LATE = re.compile(r'DataLoader timed out after \d+ seconds')
"""How torch says that a worker gives nothing."""
NO_MEMORY = re.compile(r'unable to \w+ (?:to file|shared memory)[^\n]*')
"""How torch says that shared memory is full."""


class WorkerDiedError(ChildProcessError):
    """A loader process that ended without an error of its own."""


@contextmanager
def name_failures(runner: Any) -> Iterator[None]:
    """Tell failures of the loaders with the iteration at which training stopped.

    Raises:
        InvalidSampleError: of a sample, with the iteration.
        WorkerDiedError: if a worker died, with the sample it was at, or gives nothing for too long.
    """
    try:
        with _failures_named(runner):
            yield
    except RuntimeError as error:  # torch's handler of the end of a child may raise there, too
        with _failures_named(runner):
            raise error


@contextmanager
def _failures_named(runner: Any) -> Iterator[None]:
    try:
        yield
    except InvalidSampleError as error:
        if not _trains(runner):
            raise
        raise InvalidSampleError(
            f'{message_of(error)} Training stopped after {runner.iter} iterations; '
            'skip_invalid=True in the training set skips such samples.'
        ) from None
    except (RuntimeError, OSError, EOFError) as error:
        message = _of_dead_worker(error) or str(error)
        dead, late = DEAD.search(message), LATE.search(message)
        if dead:
            pids = [int(pid) for pid in dead.group(1).split(',')]
            what = f'({dead.group(2).strip(" .") or "without a word"}) at {_samples(runner, pids)}'
        elif late or NO_MEMORY.search(message):
            what = f'or gave nothing ({(late or NO_MEMORY.search(message)).group(0)})'
        else:
            raise
        stopped, go_on = '', ''
        if _trains(runner):
            stopped, go_on = f' after {runner.iter} iterations', ' Go on with --resume.'
        raise WorkerDiedError(
            f'a loader process died{stopped} {what}. {advice(message)}{go_on}'
        ) from error


def _trains(runner: Any) -> bool:
    return isinstance(runner._train_loop, BaseLoop)


def _of_dead_worker(error: Exception) -> str:
    """What torch says of a worker that has ended, also where it does not know how, or a connection
    to it broke first; empty if there is none in the loader that the error came through."""
    loaders = [frame.f_locals.get('self') for frame, _ in traceback.walk_tb(error.__traceback__)]
    workers = [worker for loader in loaders for worker in getattr(loader, '_workers', ())]
    try:
        for worker in workers:
            worker.join(0.2)  # connections close before a process has ended
    except RuntimeError as ended:  # torch's handler of the signal that a child has ended
        return str(ended)
    for worker in filter(lambda worker: worker.exitcode, workers):
        how = f'exited unexpectedly with exit code {worker.exitcode}'
        if worker.exitcode < 0:
            how = f'is killed by signal: {signal.strsignal(-worker.exitcode)}'
        return f'DataLoader worker (pid {worker.pid}) {how}'
    return ''


def _samples(runner: Any, pids: list[int]) -> str:
    """Samples that dead workers were loading."""
    loops = (getattr(runner, f'_{name}_loop', None) for name in LOOPS)
    loaders = [loop.dataloader for loop in loops if hasattr(loop, 'dataloader')]
    found = []
    for part in (part for loader in loaders for part in monitored_parts(loader.dataset)):
        for index in filter(lambda i: i is not None, map(part.sample_monitor.sample_of, pids)):
            path = part.raw_sample(index)['image_path']
            found.append(f'{path} (sample {index} of {part.ann_file})')
    return ', '.join(found) or 'no sample: it was between two'


def release_workers(runner: Any) -> None:
    """End the loaders' processes now: the garbage collector may do it in a thread that they wait
    for, which takes five seconds each."""
    for loop in LOOPS:
        loader = getattr(runner, f'_{loop}_loop', None)
        loader = getattr(loader, 'dataloader', None)
        if loader is not None:
            loader._iterator = None
