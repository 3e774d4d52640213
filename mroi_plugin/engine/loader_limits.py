"""What the system must grant loader processes, and waits for them that have an end."""

from __future__ import annotations

import errno
import os
import resource
from typing import Any

import torch

from mroi_plugin.engine.config_keys import loaders_of

OWN_FILES, FILES_PER_BATCH, PREFETCHED = 64, 32, 2
"""Files that a training has open by itself; for each batch on its way, one per tensor; batches of
each worker on their way where ``prefetch_factor`` says nothing."""
TIMEOUT_S = 300
"""Longest wait for a batch where a loader's ``timeout`` says nothing."""
SHARED_MEMORY, LEAST_MIB = '/dev/shm', 8
"""Where batches of loader processes go, and what must be free there at the start."""


def prepare_loaders(cfg: Any) -> None:
    """Raise this process's limit of open files to what it may be, bound every wait, and pin the
    memory of batches for CUDA, to which they are then copied without a wait.

    A worker that cannot open a file for a batch loses it without a word, and training would wait
    for it for ever.

    Args:
        cfg: config; ``timeout`` and ``pin_memory`` of its loaders are completed.

    Raises:
        OSError: if the loaders need more open files than this process may have, or the shared
            memory is full.
    """
    loaders = loaders_of(cfg)
    for loader in loaders if torch.cuda.is_available() else ():
        loader.setdefault('pin_memory', True)
    loaders = [loader for loader in loaders if loader.get('num_workers', 0) > 0]
    for loader in loaders:
        loader.setdefault('timeout', TIMEOUT_S)
    if loaders and os.path.isdir(SHARED_MEMORY) and _free_mib() < LEAST_MIB:
        raise OSError(errno.ENOSPC, advice('shared memory'))
    batches = sum(
        loader['num_workers'] * (loader.get('prefetch_factor') or PREFETCHED) for loader in loaders
    )
    needed = OWN_FILES + FILES_PER_BATCH * batches
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and allowed < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        allowed = most
    if 0 <= allowed < needed:
        raise OSError(
            errno.EMFILE,
            f'this process may open {allowed} files, and batches on their way from loader '
            f'processes take about {needed}: raise the limit (ulimit -n {max(needed, 4096)}), or '
            'lower num_workers of the dataloaders; num_workers=0 takes none',
        )


def advice(message: str) -> str:
    """What to do about an error of a loader process, from what torch says."""
    if 'Too many open files' in message or f'exit code {errno.EMFILE}' in message:
        return (
            'This process may not open more files: raise the limit (ulimit -n), or lower '
            'train_dataloader.num_workers; num_workers=0 takes none.'
        )
    full = ('Bus error', 'shared memory', f'exit code {errno.ENOSPC}')
    if any(mark in message for mark in full):
        return (
            f'The shared memory is full ({SHARED_MEMORY}, {_free_mib()} MiB free now): enlarge it '
            '(docker run --shm-size=8g), or lower train_dataloader.num_workers or batch_size; '
            'num_workers=0 takes none.'
        )
    if 'timed out' in message:
        return (
            'No batch has come for that long: the storage hangs, or timeout of the dataloader is '
            'too short for it.'
        )
    return (
        'Mostly memory ran out: lower train_dataloader.num_workers or batch_size; or the file of '
        'that sample crashes its decoder.'
    )


def _free_mib() -> int:
    found = os.statvfs(SHARED_MEMORY)
    return found.f_bavail * found.f_frsize // 2**20
