"""Gradients of a step that a checkpoint has begun: ``accumulative_counts`` iterations make one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.logging import print_log
from mmengine.optim import OptimWrapperDict
from torch import nn

from mroi_plugin.engine.checkpoints import bare_model
from mroi_plugin.utils.dist import is_sharded
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.state_dicts import COMPILED

ENTRY = 'accumulation'
"""Of a checkpoint."""


def accumulates(runner: Any) -> bool:
    """Whether any step takes more than one iteration."""
    return any(wrapper._accumulative_counts > 1 for wrapper in _wrappers(runner).values())


def begun_step(runner: Any) -> dict[str, Any]:
    """What goes on with the steps that are begun; all ranks must call it.

    Returns:
        ``counts`` by optimizer, of iterations; ``steps``, how many of them make a step; whether a
        step is ``begun``, and then ``gradients`` by parameter of every rank, on the CPU. Those of
        weights that are spread over ranks are left out.
    """
    wrappers = _wrappers(runner)
    begun = any(
        wrapper._inner_count and not wrapper.should_update() for wrapper in wrappers.values()
    )
    model = bare_model(runner.model)
    kept = _parameters(model) if begun and not is_sharded(model) else []
    own = {name: value.grad.cpu() for name, value in kept if value.grad is not None}
    return {
        'counts': {key: wrapper._inner_count for key, wrapper in wrappers.items()},
        'steps': {key: wrapper._accumulative_counts for key, wrapper in wrappers.items()},
        'begun': begun,
        'gradients': all_gather_object(own) if begun else [],
    }


def go_on(runner: Any, found: Mapping[str, Any]) -> None:
    """Take over the steps that a checkpoint has begun.

    Args:
        runner: about to train.
        found: by `begun_step`.

    Raises:
        UsageError: if they cannot be gone on with as they were begun.
    """
    wrappers, model = _wrappers(runner), bare_model(runner.model)
    steps = {key: wrapper._accumulative_counts for key, wrapper in wrappers.items()}
    if found['begun']:
        _check(found, steps, model)
    if steps.keys() == found['counts'].keys():
        for key, wrapper in wrappers.items():
            wrapper._inner_count = found['counts'][key]
    if not found['begun']:
        return
    gradients = found['gradients'][get_rank()]
    for name, parameter in _parameters(model):
        if name in gradients:
            parameter.grad = gradients[name].to(parameter.device)
    print_log(
        'The checkpoint is within a step of several iterations: their gradients were in it, and '
        'none is lost.',
        logger='current',
    )


def _check(found: Mapping[str, Any], steps: dict[str, int], model: nn.Module) -> None:
    wrong = None
    if steps != found['steps']:
        wrong = f'accumulative_counts was {found["steps"]}, now {steps}'
    elif is_sharded(model):
        wrong = 'gradients that are spread over processes are not in checkpoints'
    elif len(found['gradients']) != get_world_size():
        wrong = f'it was trained by {len(found["gradients"])} processes, now {get_world_size()}'
    if wrong is not None:
        raise UsageError(
            f'--resume: the checkpoint is within a step of several iterations, and {wrong}. Give '
            'the same settings as before, or resume from a checkpoint whose iterations are a '
            'multiple of optim_wrapper.accumulative_counts.'
        )


def _parameters(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name.replace(COMPILED, ''), value) for name, value in model.named_parameters()]


def _wrappers(runner: Any) -> dict[str, Any]:
    """Wrappers of optimizers by name."""
    wrapper = runner.optim_wrapper
    return dict(wrapper.items()) if isinstance(wrapper, OptimWrapperDict) else {'': wrapper}
