#!/usr/bin/env python
"""The network: time by the number of RoIs, share beside the backbone, and faster ways to run it.

Every variant says how far its vertices are from those of eager float32. Times are the least of
several and given as ratios to M = 1, or to eager, in the same run.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from common import ROOT, report
from mmengine.device import get_device
from torch import nn

from mroi_plugin.engine import load_config
from mroi_plugin.registry import MODELS

SIZES = {'mroi_resnet50': (224, 224), 'mroi_hrnet48': (256, 192), 'mroi_synthetic': (64, 48)}


def build(name: str, rois: int, device: str, **options: Any) -> nn.Module:
    """A network of noise with M RoIs; the scores of the fusion take any M up to 16."""
    cfg = load_config(str(ROOT / 'configs' / f'{name}.py'), 'unused').model
    cfg.body_model.free_body = cfg.head.mean_params.free_body = True
    cfg.backbone.init_cfg = None
    cfg.head.num_rois = rois
    cfg.update(options)
    torch.manual_seed(0)
    return MODELS.build(cfg).to(device)


def make_batch(name: str, rois: int, persons: int, device: str) -> dict[str, torch.Tensor]:
    """Crops of noise and plausible annotations."""
    generator = torch.Generator().manual_seed(0)

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    batch = {
        'img': torch.randn(persons, rois, 3, *SIZES[name], generator=generator),
        'rois': rand(persons, rois, 3) * 100 + 80,
        'focal_length': torch.full((persons,), 800.0),
        'principal_point': torch.full((persons, 2), 300.0),
        'keypoints2d': rand(persons, 54, 3) * 100,
        'keypoints3d': rand(persons, 54, 4),
        'smpl_body_pose': rand(persons, 23, 3),
        'smpl_global_orient': rand(persons, 3),
        'smpl_betas': rand(persons, 10),
        'has_smpl': torch.ones(persons),
    }
    return {key: value.to(device) for key, value in batch.items()}


def seconds(runs: Mapping[str, Callable[[], Any]], rounds: int, device: str) -> dict[str, float]:
    """Least time of every call, after one that warms up. They take turns, so that all see the same
    machine, and others on it only add to a time."""
    least = dict.fromkeys(runs, float('inf'))
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if device != 'cpu':
                torch.cuda.synchronize()
            if turn:
                least[name] = min(least[name], time.perf_counter() - start)
    return least


def row(name: str, what: str, ratio: float, base: str, **more: float) -> dict[str, Any]:
    """One line of the table."""
    columns = dict.fromkeys(('beside the backbone [%]', 'vertices differ by [mm]'))
    return {'network': name, 'what': what, 'time': ratio, 'relative to': base, **columns, **more}


@torch.no_grad()
def by_rois(name: str, counts: list[int], rounds: int, device: str) -> list[dict[str, Any]]:
    """Inference of one person by M, and the share of time beside the backbone."""
    runs: dict[str, Callable[[], Any]] = {}
    for rois in counts:
        model, batch = build(name, rois, device).eval(), make_batch(name, rois, 1, device)
        runs[f'whole {rois}'] = partial(model, **batch)
        runs[f'encoder {rois}'] = partial(model.encode, batch['img'])
    spent = seconds(runs, rounds, device)
    base = f'M={counts[0]}'
    rows = []
    for rois in counts:
        whole, encoder = spent[f'whole {rois}'], spent[f'encoder {rois}']
        share = {'beside the backbone [%]': 100 * (1 - encoder / whole)}
        ratio = whole / spent[f'whole {counts[0]}']
        rows.append(row(name, f'inference, 1 person, M={rois}', ratio, base, **share))
    return rows


@torch.no_grad()
def variants(name: str, rounds: int, device: str, compiled: bool) -> list[dict[str, Any]]:
    """Faster ways of inference, M = 5, and what they change."""
    model, batch = build(name, 5, device).eval(), make_batch(name, 5, 2, device)
    last = build(name, 5, device, channels_last=True).eval()

    def narrow(network: nn.Module) -> Any:
        with torch.autocast(device.split(':')[0], dtype=torch.bfloat16):
            return network(**batch)

    runs: dict[str, Callable[[], Any]] = {
        'eager float32': partial(model, **batch),
        'channels_last': partial(last, **batch),
        'bfloat16 autocast': partial(narrow, model),
        'bfloat16, channels_last': partial(narrow, last),
    }
    if compiled:
        runs['torch.compile'] = partial(torch.compile(copy.deepcopy(model)), **batch)
    spent, expected = seconds(runs, rounds, device), model(**batch)['pred_vertices']
    rows = []
    for way, run in runs.items():
        apart = 1e3 * float((run()['pred_vertices'].float() - expected).abs().max())
        ratio, error = spent[way] / spent['eager float32'], {'vertices differ by [mm]': apart}
        what = f'inference, 2 persons, M=5, {way}'
        rows.append(row(name, what, ratio, 'eager float32', **error))
    return rows


def training(name: str, persons: int, rounds: int, device: str) -> list[dict[str, Any]]:
    """A training step by M, and with blocks computed again."""
    runs: dict[str, Callable[[], Any]] = {}
    for rois, options in ((1, {}), (5, {}), (5, {'recompute': True}), (5, {'channels_last': True})):
        model = build(name, rois, device, **options).train()
        batch = make_batch(name, rois, persons, device)
        what = f'M={rois}' + ''.join(f', {key}' for key in options)
        runs[what] = partial(step, model, batch)
    spent = seconds(runs, rounds, device)
    return [
        row(name, f'training step, {persons} persons, {what}', value / spent['M=1'], 'M=1')
        for what, value in spent.items()
    ]


def step(model: nn.Module, batch: dict[str, torch.Tensor]) -> None:
    """Forward and backward pass."""
    sum(model(**batch, mode='loss').values()).backward()
    model.zero_grad()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--networks', nargs='+', default=['mroi_resnet50', 'mroi_hrnet48'])
    parser.add_argument('--rois', nargs='+', type=int, default=list(range(1, 9)))
    parser.add_argument('--persons', type=int, default=2, help='of a training step')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--compile', action='store_true', help='torch.compile too')
    parser.add_argument('--device', default=get_device())
    parser.add_argument('--out', help='JSON file of the figures')
    args = parser.parse_args()
    rows = []
    for name in args.networks:
        rows += by_rois(name, args.rois, args.rounds, args.device)
        rows += variants(name, args.rounds, args.device, args.compile)
        rows += training(name, args.persons, max(1, args.rounds // 2), args.device)
    report('model', rows, args.out)


if __name__ == '__main__':
    main()
