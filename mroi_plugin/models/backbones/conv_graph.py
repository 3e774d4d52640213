"""A convolutional network from a description: what converted networks are stored as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mroi_plugin.models.layers.calibrated_batch_norm import CalibratedBatchNorm2d, fold_batch_norm

INPUT = -1
"""Index of the images among the values of a graph; value i is the result of node i."""


class ConvGraph(nn.Module):
    """Convolutions, sums and resizings in the order of a list of nodes; nothing else has weights.

    A node is ``dict(op, inputs, shape)``, ``inputs`` being indices of values and ``shape`` the
    result's (C, h, w), with options of its operation: ``conv`` (``stride``, ``padding`` top,
    bottom, left, right, ``groups``), ``add``, ``resize`` (bilinear, half-pixel centers),
    ``max_pool`` (2x2), ``pad_channels`` (``before``, ``after``) and ``sigmoid``; ``relu6`` clamps
    the result of a ``conv`` or an ``add``. Nodes on which no output depends are left out.

    Args:
        nodes: of the whole graph, each after its inputs.
        weights: ``<i>.weight`` (O, I / groups, k, k) and ``<i>.bias`` (O) of every ``conv``.
        outputs: indices of the values to compute.
    """

    def __init__(
        self,
        nodes: Sequence[Mapping[str, Any]],
        weights: Mapping[str, Tensor],
        outputs: Sequence[int],
    ) -> None:
        super().__init__()
        self.nodes = nodes
        self.steps = _needed(nodes, outputs)
        self.alive = _alive(nodes, self.steps, outputs)
        """Before each step, and after the last: indices of the values that are still read."""
        self.convs = nn.ModuleDict(
            {
                str(i): _conv(nodes[i], weights[f'{i}.weight'], weights[f'{i}.bias'])
                for i in self.steps
                if nodes[i]['op'] == 'conv'
            }
        )

    def forward(
        self, values: Sequence[Tensor], start: int = 0, stop: int | None = None
    ) -> tuple[Tensor, ...]:
        """Run the steps from ``start`` to before ``stop``.

        Args:
            values: those of ``alive[start]``, (N, C, h, w) each; the images alone at the start.
            start: first step.
            stop: the step before which to stop; None runs to the end.

        Returns:
            Tuple of the values of ``alive[stop]``; at the end the outputs, as they were asked for.
        """
        stop = len(self.steps) if stop is None else stop
        known = dict(zip(self.alive[start], values))
        for step in range(start, stop):
            index = self.steps[step]
            known[index] = self._compute(index, [known[i] for i in self.nodes[index]['inputs']])
            known = {i: known[i] for i in self.alive[step + 1]}
        return tuple(known[i] for i in self.alive[stop])

    def cut(self, side: int) -> int:
        """Step before which the values that are alive, the largest of them ``side`` pixels high,
        have the fewest numbers.

        Raises:
            ValueError: if there is no such step.
        """
        shapes = {i: self.nodes[i]['shape'] for i in self.steps}
        sizes = {
            step: sum(c * h * w for c, h, w in (shapes[i] for i in alive))
            for step, alive in enumerate(self.alive[:-1])
            if INPUT not in alive and max(shapes[i][1] for i in alive) == side
        }
        if not sizes:
            sides = sorted({height for _, height, _ in shapes.values()})
            raise ValueError(f'no step has maps of {side} px alone; the maps have {sides} px.')
        return min(sizes, key=sizes.__getitem__)

    def convs_before(self, stop: int | None) -> list[nn.Module]:
        """Convolutions of the steps before ``stop``; all of them for None."""
        return [self.convs[str(i)] for i in self.steps[:stop] if self.nodes[i]['op'] == 'conv']

    def _compute(self, index: int, inputs: list[Tensor]) -> Tensor:
        node, x = self.nodes[index], inputs[0]
        if node['op'] == 'conv':
            # Numbers are not autocast, as maps are: bfloat16 rounds places in a crop to pixels.
            conv, narrow = self.convs[str(index)], node['shape'][1] > 1
            with nullcontext() if narrow else torch.autocast(x.device.type, enabled=False):
                y = conv(x if narrow else x.to(conv.weight.dtype))
        elif node['op'] == 'add':
            y = x + inputs[1]
        elif node['op'] == 'resize':
            return F.interpolate(x, node['shape'][1:], mode='bilinear', align_corners=False)
        elif node['op'] == 'max_pool':
            return F.max_pool2d(x, 2)
        elif node['op'] == 'pad_channels':
            return F.pad(x, (0, 0, 0, 0, node['before'], node['after']))
        else:
            return torch.sigmoid(x)
        return F.relu6(y, inplace=True) if node['relu6'] else y


class PaddedConv2d(nn.Conv2d):
    """A convolution whose padding (top, bottom, left, right) may differ between the sides, as
    TensorFlow's ``SAME`` does with a stride.

    A batch norm may follow it, see `add_norm`; weights of one with a batch norm load into one
    without, folded.
    """

    def __init__(self, *args: Any, padding: Sequence[int], **options: Any) -> None:
        top, bottom, left, right = padding
        even = top == bottom and left == right
        super().__init__(*args, padding=(top, left) if even else 0, **options)
        self.uneven = None if even else (left, right, top, bottom)
        self.norm: CalibratedBatchNorm2d | None = None

    def add_norm(self) -> None:
        """Have a `CalibratedBatchNorm2d` follow, whose shift takes the place of the bias."""
        self.norm = CalibratedBatchNorm2d(self.out_channels)
        with torch.no_grad():
            self.norm.bias.copy_(self.bias)
        self.register_parameter('bias', None)

    def forward(self, x: Tensor) -> Tensor:
        """(N, O, h', w') of (N, C, h, w)."""
        y = super().forward(x if self.uneven is None else F.pad(x, self.uneven))
        return y if self.norm is None else self.norm(y)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        mark = f'{prefix}norm.'
        weight, bias = f'{prefix}weight', f'{prefix}bias'
        if self.norm is None and f'{mark}weight' in state_dict:
            names = [name for name in state_dict if name.startswith(mark)]
            norm = {name[len(mark) :]: state_dict.pop(name) for name in names}
            state_dict.setdefault(bias, torch.zeros_like(norm['bias']))
            folded = fold_batch_norm(state_dict[weight], state_dict[bias], norm)
            state_dict.update(zip((weight, bias), folded))
        elif self.norm is not None and bias in state_dict:
            self._take_bias(state_dict, state_dict.pop(bias), mark)
        super()._load_from_state_dict(state_dict, prefix, *args)

    @staticmethod
    def _take_bias(state_dict: Any, bias: Tensor, mark: str) -> None:
        """Move a stored bias into the batch norm that follows it."""
        if f'{mark}running_mean' in state_dict:
            state_dict[f'{mark}running_mean'] = state_dict[f'{mark}running_mean'] - bias
        else:
            state_dict[f'{mark}bias'] = bias


def _conv(node: Mapping[str, Any], weight: Tensor, bias: Tensor) -> PaddedConv2d:
    out, inner, *kernel = weight.shape
    options = {name: node[name] for name in ('stride', 'padding', 'groups')}
    conv = PaddedConv2d(inner * node['groups'], out, tuple(kernel), **options)
    with torch.no_grad():
        conv.weight.copy_(weight)
        conv.bias.copy_(bias)
    return conv


def _needed(nodes: Sequence[Mapping[str, Any]], outputs: Sequence[int]) -> list[int]:
    """Indices of the nodes on which the outputs depend, in order."""
    needed = set(outputs)
    for index in reversed(range(len(nodes))):
        if index in needed:
            needed.update(nodes[index]['inputs'])
    return sorted(needed - {INPUT})


def _alive(
    nodes: Sequence[Mapping[str, Any]], steps: Sequence[int], outputs: Sequence[int]
) -> list[tuple[int, ...]]:
    alive = [tuple(outputs)]
    for index in reversed(steps):
        before = (set(alive[0]) - {index}) | set(nodes[index]['inputs'])
        alive.insert(0, tuple(sorted(before)))
    return alive
