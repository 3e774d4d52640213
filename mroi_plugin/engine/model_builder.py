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
from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.registry import MODELS, SCOPE


def plugin_scope() -> AbstractContextManager[None]:
    """Context in which names in configs are looked up in our registries first."""
    return DefaultScope.overwrite_default_scope(SCOPE)


def build_model(cfg: dict[str, Any]) -> nn.Module:
    """Build ``model`` of a config; nothing that it reads is executed."""
    with checkpoints_read_safely(), plugin_scope():
        return MODELS.build(cfg)


def load_model(
    config: str, checkpoint: str, options: Sequence[str] = (), method: str | None = None
) -> tuple[nn.Module, Config]:
    """The model of a config with the weights of a checkpoint, ready to predict, and the config.

    Args:
        config: path or name of a config.
        checkpoint: of that config.
        options: ``KEY=VALUE`` overrides of the config.
        method: the only ``model.type`` that will do, None for any.

    Raises:
        FileNotFoundError: if the checkpoint or a file of the body is missing.
        CheckpointMismatchError: if the checkpoint is of another network.
        ValueError: if the config is of another method.
    """
    cfg = load_config(config, options=options)
    if method is not None and cfg.model.type.split('.')[-1] != method:
        raise ValueError(
            f'{config}: model.type={cfg.model.type!r}; this is for {method}, of which the configs '
            'mroi_* and cliff_* are.'
        )
    model = build_model(cfg.model)
    load_weights(model, checkpoint)
    return model.eval(), cfg
