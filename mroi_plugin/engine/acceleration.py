"""What makes a training faster: switches of the command line, and what every GPU gets."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from mroi_plugin.utils.errors import UsageError

FUSED = ('SGD', 'Adam', 'AdamW')
"""Optimizers that torch has in one kernel for all parameters."""


def _optim_wrappers(cfg: Config) -> list[Any]:
    several = 'type' not in cfg.optim_wrapper  # generator and discriminator
    found = cfg.optim_wrapper.values() if several else [cfg.optim_wrapper]
    return [wrapper for wrapper in found if isinstance(wrapper, dict)]


def use_amp(cfg: Config) -> None:
    """Switch the optimizer wrapper of a config to mixed precision: `BFloat16OptimWrapper`."""
    for wrapper in _optim_wrappers(cfg):
        wrapper.type = 'BFloat16OptimWrapper'


def fuse_optimizers(cfg: Config) -> None:
    """Have the optimizers of a config step in one kernel where there is CUDA, the weights are not
    spread over the ranks, and the config says neither ``fused`` nor ``foreach``."""
    if not torch.cuda.is_available() or cfg.get('strategy'):
        return
    for wrapper in _optim_wrappers(cfg):
        optimizer = wrapper.get('optimizer') or {}
        if optimizer.get('type') in FUSED and not {'fused', 'foreach'} & set(optimizer):
            optimizer['fused'] = True


def compile_network(model: nn.Module) -> None:
    """Compile the network alone: mmengine would compile the optimizer's step with it, which torch
    2.13 cannot.

    Raises:
        UsageError: for a model that does not say what its network is, or torch before 2.
    """
    if not hasattr(model, 'compile_network') or not hasattr(torch, 'compile'):
        raise UsageError(
            f'--compile is for MultiRoIEstimator and torch >= 2; this is {type(model).__name__} '
            f'and torch {torch.__version__}.'
        )
    model.compile_network()
