"""The device of torch to compute on."""

from __future__ import annotations

import torch
from mmengine.device import get_device

from mroi_plugin.utils.errors import UsageError


def choose_device(name: str) -> str:
    """The device of this name, or for ``auto`` the accelerator if there is one.

    Raises:
        UsageError: if this machine, or torch, has no such device, with those that it has.
    """
    if name == 'auto':
        return get_device()
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        found = dict.fromkeys(['auto', 'cpu', get_device()])
        raise UsageError(
            f'device {name!r}: torch cannot compute on it here '
            f'({str(error).strip().splitlines()[0]}); there are {", ".join(found)}.'
        ) from error
    return name
