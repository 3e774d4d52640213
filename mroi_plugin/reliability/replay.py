"""Running a failed training step again, and finding where in the network it failed."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.runner.amp import autocast
from torch import Tensor, nn

from mroi_plugin.engine import load_config
from mroi_plugin.host import prepare
from mroi_plugin.preflight import check_files
from mroi_plugin.registry import MODELS
from mroi_plugin.reliability.finite_loss import broken_inputs, broken_weights, mean_loss
from mroi_plugin.reliability.step_dump import StepDump, read_dump, restore_rng


@dataclass(frozen=True)
class Replay:
    """A step that was run again.

    Args:
        dump: the step.
        losses: value of each term, now.
        same: whether they are bit for bit those of the training.
        weights: names of weights that were not finite before the step.
        inputs: entries of the batch that are not finite, each with its sample.
        layer: first layer whose output is not finite, None if all are.
    """

    dump: StepDump
    losses: dict[str, float]
    same: bool
    weights: list[str]
    inputs: list[str]
    layer: str | None

    def describe(self) -> str:
        """What was found, one thing per line."""
        lines = [f'iteration {self.dump.iteration} (epoch {self.dump.epoch})']
        lines += [f'  {name} = {value!r}' for name, value in self.losses.items()]
        lines.append(f'bit for bit as in the training: {"yes" if self.same else "no"}')
        lines.append(f'weights not finite before the step: {_list(self.weights)}')
        lines.append(f'inputs not finite: {_list(self.inputs)}')
        lines.append(f'first layer whose output is not finite: {self.layer or "none"}')
        return '\n'.join(lines)


def replay_step(config: str, dump: str, options: Sequence[str] = ()) -> Replay:
    """Run the step of a dump again; nothing is trained.

    Args:
        config: config of the training; the one in its work dir has all overrides.
        dump: ``failed_step_N.pth`` that the training has written.
        options: ``KEY=VALUE`` overrides of the config.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if ``dump`` is none, or of another network.
    """
    cfg = load_config(config, options=options)
    cfg.load_from = None
    check_files({'model': cfg.model.to_dict()})
    step = read_dump(dump)
    prepare()
    model = _model(cfg.model, step, dump).to(get_device())
    amp = cfg.optim_wrapper.get('type') == 'AmpOptimWrapper'
    losses, layer = _forward(model, step, amp, cfg.optim_wrapper.get('dtype'))
    return Replay(
        step,
        losses,
        {name: _bits(value) for name, value in losses.items()}
        == {name: _bits(value) for name, value in step.losses.items()},
        broken_weights(model),
        list(broken_inputs(step.batch)),
        layer,
    )


def _model(cfg: dict[str, Any], step: StepDump, path: str) -> nn.Module:
    from mmengine.registry import init_default_scope

    init_default_scope('mroi')
    model = MODELS.build(cfg)
    try:
        model.load_state_dict(step.state_dict)
    except RuntimeError as error:
        raise ValueError(
            f'{path} is a step of another network than that of the config: use the config in the '
            f'work dir of its training. {error}'
        ) from error
    return model.train()


def _forward(
    model: nn.Module, step: StepDump, amp: bool, dtype: str | None
) -> tuple[dict[str, float], str | None]:
    """Losses by name, and the first layer whose output is not finite."""
    data = model.data_preprocessor(step.batch, True)
    restore_rng(step.rng)
    options = {} if dtype is None else {'dtype': getattr(torch, dtype)}
    with _watched(model) as broken, autocast(enabled=amp, **options):
        losses = model(**data, mode='loss')
    values = {name: float(mean_loss(x)) for name, x in losses.items() if 'loss' in name}
    return values, broken[0] if broken else None


@contextmanager
def _watched(model: nn.Module) -> Iterator[list[str]]:
    """Names of layers whose outputs are not finite, in the order in which they finish."""
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
    elif isinstance(node, (list, tuple, dict)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _tensors(child)


def _bits(value: float) -> bytes:
    """To compare numbers that are none with; the sign of one is of no account."""
    return struct.pack('<d', abs(value) if value != value else value)


def _list(names: list[str]) -> str:
    more = f' and {len(names) - 5} more' if len(names) > 5 else ''
    return (', '.join(names[:5]) or 'none') + more
