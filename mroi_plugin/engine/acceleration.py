"""Switches of the command line that make a training faster."""

from __future__ import annotations

import torch
from mmengine.config import Config
from torch import nn

from mroi_plugin.utils.errors import UsageError


def use_amp(cfg: Config) -> None:
    """Switch the optimizer wrapper of a config to mixed precision: `BFloat16OptimWrapper`."""
    several = 'type' not in cfg.optim_wrapper  # generator and discriminator
    for wrapper in cfg.optim_wrapper.values() if several else [cfg.optim_wrapper]:
        if isinstance(wrapper, dict):
            wrapper.type = 'BFloat16OptimWrapper'


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
