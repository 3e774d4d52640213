"""Hook that reports what trains the network: the gradient of every loss on its backbone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from torch import nn

from mroi_plugin.engine.checkpoints import bare_model
from mroi_plugin.engine.hooks.check_invalid_loss_hook import mean_loss
from mroi_plugin.registry import HOOKS, register

BACKBONES = ('backbone', 'architecture.backbone')
"""Where a model has it."""
BODY = ('loss_pose', 'loss_betas', 'loss_vertices', 'loss_keypoints3d')
"""Losses of the body itself; the others are of cameras and features."""


@register(HOOKS)
class GradientReportHook(Hook):
    """Log the norm of every loss's gradient on the backbone over the first iterations of a run; on
    all that is trained where no backbone is.

    Every step is scalar ``gradient/<loss>``, and after the last a table of means and shares goes to
    the log. The steps are computed once more for it, and training goes on as if they had not been.

    Args:
        iterations: number of steps to report.

    Raises:
        ValueError: if ``iterations`` is not positive.
    """

    def __init__(self, iterations: int = 10) -> None:
        if iterations < 1:
            raise ValueError(f'iterations={iterations}: expected at least 1 step.')
        self.iterations = iterations
        self._found: list[dict[str, float]] = []

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Measure a step, and report after the last."""
        if len(self._found) >= self.iterations:
            return
        model = bare_model(runner.model)
        norms = gradient_norms(model, data_batch)
        self._found.append(norms)
        scalars = {f'gradient/{name}': value for name, value in norms.items()}
        runner.visualizer.add_scalars(scalars, step=runner.iter)
        if len(self._found) == self.iterations:
            print_log(report(self._found, measured_part(model)[0]), logger=runner.logger)


def measured_part(model: nn.Module) -> tuple[str, list[nn.Parameter]]:
    """Name and trained parameters of the backbone, or of the whole model if it has none."""
    modules = dict(model.named_modules())
    for name in BACKBONES:
        trained = [p for p in modules.get(name, nn.Module()).parameters() if p.requires_grad]
        if trained:
            return f'the {name}', trained
    return 'the whole model, for no backbone is trained', [
        p for p in model.parameters() if p.requires_grad
    ]


def gradient_norms(model: nn.Module, batch: Mapping[str, Any]) -> dict[str, float]:
    """L2 norm of each loss's gradient with respect to the parameters of `measured_part`.

    Neither weights, running statistics, gradients nor random numbers of the model change.

    Args:
        model: with ``data_preprocessor``.
        batch: as the data loader gives it.
    """
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    parameters = measured_part(model)[1]
    devices = sorted({p.device.index for p in parameters if p.is_cuda})
    norms = {}
    with torch.random.fork_rng(devices), torch.enable_grad():
        losses = model(**model.data_preprocessor(dict(batch), True), mode='loss')
        for name, value in losses.items():
            loss = mean_loss(value, detach=False)
            norms[name] = _norm(loss, parameters) if loss.requires_grad else 0.0
    with torch.no_grad():
        for name, value in model.named_buffers():
            value.copy_(buffers[name])
    return norms


def _norm(loss: torch.Tensor, parameters: list[nn.Parameter]) -> float:
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    squares = [g.double().square().sum() for g in gradients if g is not None]
    return float(torch.stack(squares).sum().sqrt()) if squares else 0.0


def report(found: list[dict[str, float]], where: str) -> str:
    """A table of the mean norm of every loss and its share of their sum, the largest first.

    Args:
        found: norms by loss of every step.
        where: name of the part of the model that they were measured on.
    """
    means = {name: sum(step[name] for step in found) / len(found) for name in found[0]}
    total = sum(means.values()) or 1.0
    lines = [f'gradient norms on {where}, mean of {len(found)} iterations:']
    for name, value in sorted(means.items(), key=lambda item: -item[1]):
        lines.append(f'  {name:<20} {value:>12.5g} {value / total:>7.1%}')
    body = sum(means.get(name, 0.0) for name in BODY)
    lines.append(f'  {"losses of the body":<20} {body:>12.5g} {body / total:>7.1%}')
    return '\n'.join(lines)
