"""Learning rates in proportion to the size of the weights."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mroi_plugin.registry import OPTIM_WRAPPER_CONSTRUCTORS, register

KEYS = {'part', 'weight_lr', 'vector_lr'}


@register(OPTIM_WRAPPER_CONSTRUCTORS)
class RelativeRates(DefaultOptimWrapperConstructor):
    """Every tensor of one part of a model learns in proportion to its size; others as usual.

    The rate of a tensor of weights is ``weight_lr`` times the root mean square of its weights at
    the start, to the nearest power of two, so that the optimizer has few groups: one step of Adam
    changes each weight by about ``weight_lr`` of itself, and decays it by ``weight_lr *
    weight_decay``, whatever the scale of its tensor. Vectors of the part (biases; scales and shifts
    of batch norms) learn at ``vector_lr``, without decay.

    ``paramwise_cfg=dict(part='backbone', weight_lr=..., vector_lr=...)``; what is not in the part
    has the optimizer's own ``lr`` and ``weight_decay``.

    Raises:
        ValueError: if a key is missing or there is another, or if the model has no such part.
    """

    def add_params(self, params: list[dict[str, Any]], module: nn.Module, **_: Any) -> None:
        """Append one group per pair of rate and decay."""
        groups = defaultdict(list)
        trained = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        prefix = self.paramwise_cfg['part'] + '.'
        if not any(name.startswith(prefix) for name, _ in trained):
            raise ValueError(
                f"RelativeRates: part={self.paramwise_cfg['part']!r}, expected the name of a part "
                f"that is trained: one of {sorted({name.split('.')[0] for name, _ in trained})}."
            )
        for name, parameter in trained:
            if not name.startswith(prefix):
                rate, decay = self.base_lr, self.base_wd
            elif parameter.dim() < 2:
                rate, decay = self.paramwise_cfg['vector_lr'], 0.0
            else:
                size = parameter.detach().square().mean().sqrt().item()
                size = 2.0 ** round(math.log2(max(size, 1e-12)))
                rate, decay = self.paramwise_cfg['weight_lr'] * size, (self.base_wd or 0.0) / size
            groups[rate, decay].append(parameter)
        for (rate, decay), members in groups.items():
            options = {'lr': rate, 'weight_decay': decay}
            given = {name: value for name, value in options.items() if value is not None}
            params.append({'params': members, **given})

    def _validate_cfg(self) -> None:
        if set(self.paramwise_cfg) != KEYS:
            raise ValueError(
                f'RelativeRates: paramwise_cfg={self.paramwise_cfg!r}, expected '
                'dict(part=NAME, weight_lr=NUMBER, vector_lr=NUMBER).'
            )
        super()._validate_cfg()
