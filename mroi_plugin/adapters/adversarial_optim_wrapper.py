"""Two optimizers for adversarial architectures of mmhuman3d."""

from __future__ import annotations

from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapperDict
from torch import nn

from mroi_plugin.registry import OPTIM_WRAPPER_CONSTRUCTORS, register

KEYS = ('generator', 'disc')


class _Generator(nn.Module):
    """All of a model but its discriminator, under the names it has in the architecture."""

    def __init__(self, architecture: nn.Module) -> None:
        super().__init__()
        for name, child in architecture.named_children():
            if name != 'disc':
                self.add_module(name, child)


@register(OPTIM_WRAPPER_CONSTRUCTORS)
class AdversarialOptimWrapper:
    """Builds an ``OptimWrapperDict`` with ``generator`` and ``disc``.

    Each is a complete ``optim_wrapper`` config of mmengine with its own optimizer, ``clip_grad``,
    ``paramwise_cfg`` and AMP, where mmhuman3d drops the latter three in adversarial training.

    Args:
        optim_wrapper_cfg: ``generator=dict(type='OptimWrapper', ...)`` and ``disc=dict(...)``.
        paramwise_cfg: not used; each of the two has its own.

    Raises:
        ValueError: if one of the two is missing or there is another key.
    """

    def __init__(
        self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None
    ) -> None:
        if sorted(optim_wrapper_cfg) != sorted(KEYS):
            raise ValueError(
                f'optim_wrapper has {sorted(optim_wrapper_cfg)}: AdversarialOptimWrapper expects '
                'exactly generator and disc.'
            )
        self.configs = {name: dict(optim_wrapper_cfg[name]) for name in KEYS}

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Wrappers of a `MMHuman3DEstimator` with a discriminator.

        Raises:
            TypeError: if the model has none.
        """
        model = getattr(model, 'module', model)
        if getattr(model, 'discriminator', None) is None:
            raise TypeError(
                'AdversarialOptimWrapper: the model has no discriminator; give its architecture a '
                'disc or use a plain OptimWrapper.'
            )
        parts = {'generator': _Generator(model.architecture), 'disc': model.discriminator}
        wrappers = {}
        for name, part in parts.items():
            config = dict(self.configs[name])
            paramwise = config.pop('paramwise_cfg', None)
            wrappers[name] = DefaultOptimWrapperConstructor(config, paramwise)(part)
        return OptimWrapperDict(**wrappers)
