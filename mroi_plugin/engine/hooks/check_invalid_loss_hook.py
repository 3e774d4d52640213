"""Training that stops at the first loss that is no number, and says where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from mmengine.hooks import Hook
from torch import Tensor, nn

from mroi_plugin.engine.checkpoints import bare_model
from mroi_plugin.registry import HOOKS, register
from mroi_plugin.utils.dist import is_sharded, world_size

ADVICE = 'Lower optim_wrapper.optimizer.lr, or clip gradients: optim_wrapper.clip_grad.max_norm=1.'


class InvalidLossError(ValueError):
    """A loss that is infinite or not a number."""


@register(HOOKS)
class CheckInvalidLossHook(Hook):
    """Stop at a loss that is not finite, before it reaches the weights.

    The error names iteration, terms and what was not finite before them: weights, inputs with their
    samples, or the first layer whose output is not. A model that does not compute its losses in one
    forward pass (those with a discriminator) is stopped after the step.

    Raises:
        InvalidLossError: see above.
    """

    priority = 'LOWEST'  # `EpochSeedHook` seeds first

    def before_train(self, runner: Any) -> None:
        """Watch the model's forward passes."""
        self._batch, self._seen = None, False
        self._handle = bare_model(runner.model).register_forward_hook(partial(self._check, runner))

    def after_train(self, runner: Any) -> None:
        """Stop watching."""
        self._handle.remove()

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Remember what the step starts from."""
        self._batch, self._rng, self._seen = data_batch, _rng_states(), False

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Look at the losses of models that were not seen to compute them."""
        self._batch = None
        broken = {} if self._seen else broken_terms(outputs or {})
        if broken:
            raise InvalidLossError(
                f'{_when(runner)}: {_listed(broken)}. The step was taken already; resume from the '
                f'last checkpoint. {ADVICE}'
            )

    def _check(self, runner: Any, model: nn.Module, _: Any, losses: Any) -> None:
        if self._batch is None or not isinstance(losses, Mapping) or not model.training:
            return
        self._seen = True
        broken = broken_terms(losses)
        if not broken:
            return
        batch, self._batch = self._batch, None  # the forward pass below is not watched
        cause = '' if is_sharded(model) else cause_of(batch, model)
        if not cause and world_size() == 1:  # other ranks would not join in its collective calls
            cause = _layer_clause(model, batch, self._rng)
        raise InvalidLossError(f'{_when(runner)}: {_listed(broken)}. {cause}{ADVICE}')


def broken_terms(losses: Mapping[str, Any]) -> dict[str, float]:
    """Those losses that are not finite, by name; a device is waited for once."""
    named = {name: value for name, value in losses.items() if 'loss' in name}
    means = [mean_loss(value).float() for value in named.values()]
    if not means or torch.stack(means).isfinite().all():
        return {}
    values = {name: float(value) for name, value in zip(named, means)}
    return {name: value for name, value in values.items() if not math.isfinite(value)}


def cause_of(batch: Mapping[str, Any], model: nn.Module) -> str:
    """A sentence on weights or samples that are not finite; empty where all are."""
    weights = [name for name, value in model.named_parameters() if not value.isfinite().all()]
    if weights:
        return (
            f'{len(weights)} weights were not finite before the step, first {weights[0]}: the step '
            'before has broken them. '
        )
    samples = list(broken_inputs(batch))
    if samples:
        return f'Not finite in the batch: {"; ".join(samples[:5])}; fix or drop them. '
    return ''


def broken_inputs(batch: Mapping[str, Any]) -> Iterator[str]:
    """Entries of a batch (N) that are not finite, each with its sample."""
    paths = batch.get('image_path', ())
    numbers = torch.as_tensor(batch.get('sample_idx', ())).tolist()
    for name, value in batch.items():
        if isinstance(value, Tensor) and value.is_floating_point() and len(value) == len(numbers):
            finite = value.reshape(len(value), -1).isfinite().all(1)
            for i in torch.nonzero(~finite).flatten().tolist():
                yield f'{name} of {paths[i]} (sample {numbers[i]})'


def mean_loss(value: Any, detach: bool = True) -> Tensor:
    """() of a loss as mmengine sums it: a tensor, a list of tensors, or a number."""
    if isinstance(value, (list, tuple)):
        return torch.stack([mean_loss(item, detach) for item in value]).sum()
    value = torch.as_tensor(value)
    return (value.detach() if detach else value).mean()


@torch.no_grad()
def _layer_clause(model: nn.Module, batch: Mapping[str, Any], rng: dict[str, Tensor]) -> str:
    """A sentence on the first layer whose output is not finite, found by the same step again."""
    _restore_rng(rng)
    compiled = getattr(model, '_compiled', None)
    try:
        if compiled is not None:
            model._compiled = None  # layers within it cannot be watched
        with _watched(model) as found:
            model(**model.data_preprocessor(dict(batch), True), mode='loss')
    except RuntimeError as error:  # no memory for the step again
        return f'Weights and samples are finite; the step again fails with: {error} '
    finally:
        if compiled is not None:
            model._compiled = compiled
    layer = f'the first layer whose output is not: {found[0]}' if found else 'so is every layer'
    return f'Weights and samples are finite; {layer}. '


@contextmanager
def _watched(model: nn.Module) -> Iterator[list[str]]:
    """Layers whose outputs are not finite, in the order in which they finish."""
    found: list[str] = []
    handles = [
        layer.register_forward_hook(partial(_look, found, name))
        for name, layer in model.named_modules()
        if name
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _look(found: list[str], name: str, layer: nn.Module, _: Any, output: Any) -> None:
    if not found and not all(tensor.isfinite().all() for tensor in _tensors(output)):
        found.append(f'{name} ({type(layer).__name__})')


def _tensors(node: Any) -> Iterator[Tensor]:
    if isinstance(node, Tensor):
        yield node
    elif isinstance(node, (list, tuple, Mapping)):
        for child in node.values() if isinstance(node, Mapping) else node:
            yield from _tensors(child)


def _rng_states() -> dict[str, Tensor]:
    states = {'cpu': torch.get_rng_state()}
    if torch.cuda.is_available():
        states['cuda'] = torch.cuda.get_rng_state()
    return states


def _restore_rng(states: dict[str, Tensor]) -> None:
    torch.set_rng_state(states['cpu'])
    if 'cuda' in states:
        torch.cuda.set_rng_state(states['cuda'])


def _listed(broken: Mapping[str, float]) -> str:
    return ', '.join(f'{name} is {value}' for name, value in broken.items())


def _when(runner: Any) -> str:
    return f'iteration {runner.iter + 1} (epoch {runner.epoch + 1})'
