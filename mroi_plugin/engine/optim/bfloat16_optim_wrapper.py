"""Training in bfloat16."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mroi_plugin.registry import OPTIM_WRAPPERS, register


@register(OPTIM_WRAPPERS)
class BFloat16OptimWrapper(OptimWrapper):
    """``OptimWrapper`` whose forward passes are autocast to bfloat16, on any device.

    bfloat16 has the exponents of float32, so that losses need no scale. mmengine's
    ``AmpOptimWrapper`` scales them for any type, for which every step waits for the device, and
    runs on no CPU.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The forward pass of a training step."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
