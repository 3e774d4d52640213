"""Training that stops at the first loss that is no number, with the step in a file."""

from __future__ import annotations

import math
import os.path as osp
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mroi_plugin.models.across_ranks import is_sharded
from mroi_plugin.registry import HOOKS, register
from mroi_plugin.reliability.step_dump import StepDump, rng_states, write_dump


class NonFiniteLossError(ValueError):
    """A loss that is infinite or not a number."""


@register(HOOKS)
class FiniteLossHook(Hook):
    """Stop at a loss that is not finite, before it reaches the weights.

    The error names iteration, terms and, where an input is not finite either, the samples. The step
    is written to ``failed_step_N.pth`` in the work dir, for ``tools/replay_step.py``. A model
    that does not compute its losses in one forward pass (those with a discriminator) is stopped
    after the step, without a file; one whose weights are spread over ranks before it, likewise.

    Raises:
        NonFiniteLossError: see above.
    """

    priority = 'LOWEST'  # `EpochSeedHook` seeds first

    def before_train(self, runner: Any) -> None:
        """Watch the model's forward passes."""
        self._batch, self._seen = None, False
        self._handle = _inner(runner.model).register_forward_hook(partial(self._check, runner))

    def after_train(self, runner: Any) -> None:
        """Stop watching."""
        self._handle.remove()

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Remember what the step starts from."""
        self._batch, self._rng, self._seen = data_batch, rng_states(), False

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Look at the losses of models that were not seen to compute them."""
        self._batch = None
        broken = {} if self._seen else broken_terms(outputs or {})
        if broken:
            raise NonFiniteLossError(
                f'{_when(runner)}: {_told(broken)}. The step was taken already; resume from the '
                f'last checkpoint. {ADVICE}'
            )

    def _check(self, runner: Any, model: nn.Module, _: Any, losses: Any) -> None:
        if self._batch is None or not isinstance(losses, Mapping) or not model.training:
            return
        self._seen = True
        broken = broken_terms(losses)
        if not broken:
            return
        if is_sharded(model):  # the other ranks do not know that they should join in gathering
            raise NonFiniteLossError(f'{_when(runner)}: {_told(broken)}. {ADVICE}')
        rank = f'_rank{get_rank()}' if get_world_size() > 1 else ''
        path = osp.join(runner.work_dir, f'failed_step_{runner.iter + 1}{rank}.pth')
        values = {name: float(mean_loss(x)) for name, x in losses.items() if 'loss' in name}
        state = {name: value.cpu() for name, value in model.state_dict().items()}
        dump = StepDump(runner.iter + 1, runner.epoch + 1, values, self._batch, state, self._rng)
        write_dump(dump, path)
        config = osp.join(runner.work_dir, osp.basename(str(runner.cfg.filename)))
        raise NonFiniteLossError(
            f'{_when(runner)}: {_told(broken)}. {cause_of(self._batch, model)} '
            f'Look at the step with: python tools/replay_step.py {config} {path}'
        )


ADVICE = 'Lower optim_wrapper.optimizer.lr, or clip gradients: optim_wrapper.clip_grad.max_norm=1.'


def broken_terms(losses: Mapping[str, Any]) -> dict[str, float]:
    """Those losses that are not finite, by name; a device is waited for once."""
    named = {name: value for name, value in losses.items() if 'loss' in name}
    means = [mean_loss(value).float() for value in named.values()]
    if not means or torch.stack(means).isfinite().all():
        return {}
    values = {name: float(value) for name, value in zip(named, means)}
    return {name: value for name, value in values.items() if not math.isfinite(value)}


def cause_of(batch: Mapping[str, Any], model: nn.Module) -> str:
    """One or two sentences on where it may come from: weights, samples, or the step itself."""
    weights = broken_weights(model)
    if weights:
        return (
            f'{len(weights)} weights were not finite before the step, first {weights[0]}: the step '
            f'before has broken them. {ADVICE}'
        )
    samples = list(broken_inputs(batch))
    if samples:
        return f'Not finite in the batch: {"; ".join(samples[:5])}. Mend or drop them.'
    return f'Weights and samples are finite. {ADVICE}'


def broken_weights(model: nn.Module) -> list[str]:
    """Names of parameters that are not finite; statistics of batches are those of this very one."""
    return [name for name, value in model.named_parameters() if not value.isfinite().all()]


def broken_inputs(batch: Mapping[str, Any]) -> Iterator[str]:
    """Entries of a batch (N) that are not finite, each with its sample."""
    paths = batch.get('image_path', ())
    numbers = torch.as_tensor(batch.get('sample_idx', ())).tolist()
    for name, value in batch.items():
        if isinstance(value, Tensor) and value.is_floating_point() and len(value) == len(numbers):
            finite = value.reshape(len(value), -1).isfinite().all(1)
            for i in torch.nonzero(~finite).flatten().tolist():
                yield f'{name} of {paths[i]} (sample {numbers[i]})'


def mean_loss(value: Any) -> Tensor:
    """() of a loss as mmengine sums it: a tensor, a list of tensors, or a number."""
    if isinstance(value, (list, tuple)):
        return torch.stack([mean_loss(item) for item in value]).sum()
    return torch.as_tensor(value).detach().mean()


def _told(broken: Mapping[str, float]) -> str:
    return ', '.join(f'{name} is {value}' for name, value in broken.items())


def _when(runner: Any) -> str:
    return f'iteration {runner.iter + 1} (epoch {runner.epoch + 1})'


def _inner(model: nn.Module) -> nn.Module:
    return model.module if is_model_wrapper(model) else model
