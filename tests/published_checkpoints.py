"""Checkpoints with the names and shapes of the published ones, and random weights."""

from __future__ import annotations

import json
import math

import torch
from locations import ROOT

CONFIGS = {
    'released_resnet50': 'mroi_released_resnet50',
    'released_hrnet48': 'mroi_released_hrnet48',
    'cliff_resnet50_author': 'cliff_released_resnet50',
    'cliff_hrnet48_author': 'cliff_released_hrnet48',
}
"""Our config of each of them."""


def published(kind: str) -> dict:
    """Names, shapes and other entries of one of `CONFIGS`."""
    return json.loads((ROOT / 'tests' / 'data' / f'{kind}_state_dict.json').read_text())


def random_checkpoint(kind: str, seed: int = 0) -> dict:
    """A state dict with the published names, as they are in the file, and shapes.

    Values keep activations of size one, rotations near the identity, and scales of cameras near
    0.9, above those which the head bends.
    """
    generator = torch.Generator().manual_seed(seed)
    return {
        name: _values(name, tuple(shape), generator)
        for name, shape in published(kind)['state_dict'].items()
    }


def _values(name: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    group, last = name.split('.')[-2:] if '.' in name else ('', name)
    if last == 'num_batches_tracked':
        return torch.tensor(7)
    if last == 'running_var':
        return torch.rand(shape, generator=generator) + 0.5
    if last == '_freqs':
        return (math.pi * 2.0 ** torch.arange(shape[1] // 2)).repeat_interleave(2).view(shape)
    if last == '_phases':
        return torch.tensor([0, math.pi / 2]).repeat(shape[1] // 2).view(shape)
    noise = torch.randn(shape, generator=generator)
    if last == 'init_pose':
        return torch.tensor([1.0, 0, 0, 1, 0, 0]).repeat(24) + 0.1 * noise
    if last == 'init_cam':
        return torch.tensor([[0.9, 0, 0]]) + 0.01 * noise
    if last == 'weight' and len(shape) > 1:
        return noise * (0.02 if group == 'deccam' else 1) / math.sqrt(math.prod(shape[1:]))
    if last == 'weight':
        return 1 + 0.2 * noise
    return 0.1 * noise * (0.1 if group == 'deccam' else 1)
