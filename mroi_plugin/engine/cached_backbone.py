"""Cached features are of the backbone of a config, and a checkpoint brings one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mroi_plugin.datasets.cached_stem import starting_network
from mroi_plugin.engine.preflight import cached_features

ROUNDING = 1e-2
"""Largest difference of a tensor, in parts of its norm: that of a checkpoint in float16."""


def check_cached_backbone(
    cfg: Mapping[str, Any], state: Mapping[str, Tensor], checkpoint: str
) -> None:
    """Refuse cached features of another backbone than the checkpoint's.

    Its head would learn, or be tested, on features that its backbone does not give.

    Args:
        cfg: of a training or a test.
        state: of the checkpoint, by the names of the model.
        checkpoint: where it is from.

    Raises:
        ValueError: naming the first weight that differs.
    """
    if not cached_features(cfg):
        return
    for name, own in starting_network(cfg['model']['backbone']).state_dict().items():
        given = state.get(f'backbone.{name}')
        if given is None or not own.is_floating_point():
            continue
        if (given.cpu().float() - own.float()).norm() > ROUNDING * own.float().norm():
            raise ValueError(
                f'{checkpoint}: its backbone differs from the one that the cached features are of '
                f'(backbone.{name}): set model.backbone to what it was trained with, or use the '
                'config without cached features.'
            )
