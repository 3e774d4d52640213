"""Learning rates in proportion to the size of the weights."""

from __future__ import annotations

from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mroi_plugin.registry import OPTIM_WRAPPER_CONSTRUCTORS, register


@register(OPTIM_WRAPPER_CONSTRUCTORS)
class RelativeRates(DefaultOptimWrapperConstructor):
    """Every trained tensor learns at ``lr`` times the root mean square of its weights at the start.

    One step of Adam changes each weight by about ``lr`` of itself, and decays it by ``lr *
    weight_decay``, whatever the scale of its tensor. Vectors (biases; scales and shifts of batch
    norms) learn at ``paramwise_cfg=dict(vector_lr=...)``, without decay.

    Raises:
        ValueError: if ``vector_lr`` is missing or there is another key.
    """

    def add_params(self, params: list[dict[str, Any]], module: nn.Module, **_: Any) -> None:
        """Append one group per trained tensor of ``module``."""
        for parameter in module.parameters():
            if not parameter.requires_grad:
                continue
            if parameter.dim() > 1:
                size = parameter.detach().square().mean().sqrt().item()
                decay = (self.base_wd or 0.0) / max(size, 1e-12)
                params.append(
                    {'params': [parameter], 'lr': self.base_lr * size, 'weight_decay': decay}
                )
            else:
                rate = self.paramwise_cfg['vector_lr']
                params.append({'params': [parameter], 'lr': rate, 'weight_decay': 0.0})

    def _validate_cfg(self) -> None:
        if set(self.paramwise_cfg) != {'vector_lr'}:
            raise ValueError(
                f'RelativeRates: paramwise_cfg={self.paramwise_cfg!r}, expected '
                'dict(vector_lr=NUMBER).'
            )
        super()._validate_cfg()
