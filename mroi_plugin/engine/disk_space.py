"""Room for what a run will write, looked for before it starts."""

from __future__ import annotations

import errno
import os
import os.path as osp
import shutil
import tempfile

from mmengine.model import is_model_wrapper
from torch import nn

MIB = 2**20
STATES_PER_WEIGHT = 2
"""Numbers that an optimizer keeps for each weight it trains; Adam's, SGD has fewer."""
LOGS = 64 * MIB
"""Set aside for logs, configs and pictures."""


def check_writable(folder: str) -> None:
    """Refuse a work dir that nothing can be written to; it is made.

    Raises:
        OSError: naming the folder, why, and what to do.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b'probe')
    except OSError as error:
        raise OSError(
            error.errno,
            f'work dir {folder} cannot be written to: {error.strerror}. Choose another with '
            '--work-dir, or fix its permissions',
        ) from error


def checkpoint_bytes(
    model: nn.Module, averaged: bool = False, gradients: int = 0
) -> tuple[int, int]:
    """About how large a model's checkpoints are in bytes: weights alone, and with optimizer.

    Args:
        model: the model.
        averaged: whether they hold the weights of mmengine's ``EMAHook`` too.
        gradients: of how many processes they hold the gradients.
    """
    model = model.module if is_model_wrapper(model) else model
    weights = sum(value.nelement() * value.element_size() for value in model.state_dict().values())
    weights *= 1 + averaged
    trained = sum(p.nelement() * p.element_size() for p in model.parameters() if p.requires_grad)
    return weights, weights + (STATES_PER_WEIGHT + gradients) * trained


def check_disk_space(folder: str, needed: int, what: str) -> None:
    """Refuse to start where the disk has no room.

    Args:
        folder: where it will be written.
        needed: bytes, beside `LOGS`.
        what: that will be written, for the message.

    Raises:
        OSError: naming the folder, what is needed and what is there.
    """
    while not osp.isdir(folder):
        folder = osp.dirname(osp.abspath(folder))
    free, needed = shutil.disk_usage(folder).free, needed + LOGS
    if free < needed:
        raise OSError(
            errno.ENOSPC,
            f'{folder} has {free / MIB:.0f} MiB free, and {what} will take about '
            f'{needed / MIB:.0f} MiB. Make room, choose another --work-dir, or keep fewer with '
            'default_hooks.checkpoint.max_keep_ckpts',
        )
