"""One way from a config and a checkpoint to a model."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from mroi_plugin.engine.checkpoints import load_weights
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.config_checks import name_config_errors
from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.registry import MODELS, SCOPE


def plugin_scope() -> AbstractContextManager[None]:
    """Context in which names in configs are looked up in our registries first."""
    return DefaultScope.overwrite_default_scope(SCOPE)


def build_model(cfg: dict[str, Any]) -> nn.Module:
    """Build ``model`` of a config; nothing that it reads is executed."""
    with checkpoints_read_safely(), plugin_scope():
        return MODELS.build(cfg)


def read_config_of(config: str, options: Sequence[str], method: str) -> Config:
    """A config of one method, read.

    Args:
        config: path or name of a config.
        options: ``KEY=VALUE`` overrides of the config.
        method: the only ``model.type`` that will do.

    Raises:
        FileNotFoundError: if there is no such config.
        ValueError: if it is of another method.
    """
    cfg = load_config(config, options=options)
    if cfg.model.type.split('.')[-1] != method:
        raise ValueError(
            f'{config}: model.type={cfg.model.type!r}; this is for {method}, of which the configs '
            'mroi_* and cliff_* are.'
        )
    return cfg


def load_model(cfg: Config, checkpoint: str) -> nn.Module:
    """The model of a config with the weights of a checkpoint, ready to predict.

    Raises:
        FileNotFoundError: if the checkpoint or a file of the body is missing.
        CheckpointMismatchError: if the checkpoint is of another network.
        ValueError: if the config has an option that nothing takes.
    """
    with name_config_errors(cfg.filename, cfg):
        model = build_model(cfg.model)
    load_weights(model, checkpoint)
    return model.eval()
