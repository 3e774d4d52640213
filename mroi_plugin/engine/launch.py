"""Processes that torchrun or slurm started, on machines with and without accelerators."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch.distributed as dist
from mmengine.device import get_device

from mroi_plugin.utils.forks import fork_when_quiet
from mroi_plugin.utils.freed_memory import keep_freed_memory
from mroi_plugin.utils.ownership import owned

STARTED_BY = {
    'pytorch': ('torchrun', ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT')),
    'slurm': ('srun', ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST')),
}
"""Launchers: the command that starts the processes, and what it tells each of them."""

RANK = {'pytorch': 'RANK', 'slurm': 'SLURM_PROCID'}
"""Variables that are 0 in the first process."""

_run_numbers = itertools.count(1)


class LaunchError(ValueError):
    """A launcher that cannot work as it was called."""


@contextmanager
def launched(cfg: Any, own: bool = False) -> Iterator[None]:
    """`prepare_launch`, `name_run` and, on a CPU, `keep_freed_memory`; in the end the processes let
    go of each other.

    Args:
        cfg: config with ``launcher`` and ``work_dir``.
        own: whether this run is the only one that may write to its work dir.

    Raises:
        LaunchError: see `prepare_launch`.
        UsageError: if another process owns the work dir.
    """
    before = dist.is_initialized()
    first = os.environ.get(RANK.get(cfg.launcher, ''), '0') == '0'
    with owned(cfg.work_dir) if own and first else nullcontext():
        try:
            prepare_launch(cfg)
            name_run(cfg)
            keep_freed_memory(get_device())
            yield
        finally:
            if dist.is_initialized() and not before:
                dist.destroy_process_group()


def name_run(cfg: Any) -> None:
    """Give the second run of this process, and each later one, a name of its own.

    mmengine names a run by its config and the second it begins in, and runs of one name share
    their log files, scalars and messages.

    Args:
        cfg: config with ``filename``; its ``experiment_name`` is completed.
    """
    number = next(_run_numbers)
    if number > 1:
        name = cfg.get('experiment_name') or os.path.splitext(os.path.basename(cfg.filename))[0]
        cfg.experiment_name = f'{name}_run{number}'


def prepare_launch(cfg: Any) -> None:
    """Check how the processes were started, and connect them where mmengine cannot.

    mmengine gives every process an accelerator and connects them by NCCL. Without one, processes
    of torchrun are connected by gloo here, before mmengine looks.

    Args:
        cfg: config with ``launcher``; ``model_wrapper_cfg`` is completed.

    Raises:
        LaunchError: for another launcher, if the processes were not started by it, if slurm is to
            start them without accelerators, or if ``strategy`` is set and there is no launcher.
    """
    if cfg.launcher == 'none':
        if cfg.get('strategy'):
            raise LaunchError(
                f'strategy={cfg.strategy.type} spreads the model over processes: start them with '
                'torchrun --nproc_per_node=N tools/train.py CONFIG --launcher pytorch.'
            )
        return
    if cfg.launcher not in STARTED_BY:
        raise LaunchError(f'launcher={cfg.launcher!r}: expected none, {", ".join(STARTED_BY)}.')
    command, told = STARTED_BY[cfg.launcher]
    missing = [name for name in told if name not in os.environ]
    if missing and not dist.is_initialized():
        raise LaunchError(
            f'--launcher {cfg.launcher} is for processes that {command} starts, which sets '
            f'{", ".join(missing)}; see docs/performance.md for whole commands.'
        )
    wrapper = {
        'type': 'MMDistributedDataParallel',
        'broadcast_buffers': False,
        'find_unused_parameters': cfg.get('find_unused_parameters', False),
        'gradient_as_bucket_view': True,
    }
    if get_device() == 'cpu':
        _connect(cfg.launcher)
        wrapper['device_ids'] = None
    cfg.model_wrapper_cfg = {**wrapper, **(cfg.get('model_wrapper_cfg') or {})}


def _connect(launcher: str) -> None:
    """Connect the processes by gloo, for want of accelerators."""
    if launcher != 'pytorch':
        raise LaunchError(
            '--launcher slurm needs accelerators, and none is visible to torch; without them use '
            'torchrun and --launcher pytorch.'
        )
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    fork_when_quiet()
