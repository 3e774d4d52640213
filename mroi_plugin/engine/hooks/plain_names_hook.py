"""Hook that gives the parameters of a loaded checkpoint the names of the model."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from mroi_plugin.engine.checkpoints import plain_names, unwrap_state_dict
from mroi_plugin.registry import HOOKS


@HOOKS.register_module()
class PlainNamesHook(Hook):
    """`plain_names` for ``load_from``: mmengine strips ``module.`` alone and skips the rest."""

    priority = 'VERY_HIGH'

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Replace the names before the weights are copied."""
        content = unwrap_state_dict(checkpoint)
        checkpoint['state_dict'] = plain_names(content['state_dict'])
