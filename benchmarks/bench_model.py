#!/usr/bin/env python
"""The network: time by the number of RoIs, share beside the backbone, and faster ways to run it.

Every variant says how far its vertices are from those of eager float32. Times are the least of
several and given as ratios to M = 1, or to eager, in the same run.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from contextlib import nullcontext
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


def seconds(run: Callable[[], Any], rounds: int, device: str) -> float:
    """Least time of a call, after one that warms up: others on the machine only add to it."""
    times = []
    for turn in range(rounds + 1):
        start = time.perf_counter()
        run()
        if device != 'cpu':
            torch.cuda.synchronize()
        if turn:
            times.append(time.perf_counter() - start)
    return min(times)


@torch.no_grad()
def by_rois(name: str, counts: list[int], rounds: int, device: str) -> list[dict[str, Any]]:
    """Inference of one person by M, and the share of time beside the backbone."""
    rows, first = [], None
    for rois in counts:
        model, batch = build(name, rois, device).eval(), make_batch(name, rois, 1, device)
        whole = seconds(lambda: model(**batch), rounds, device)  # noqa: B023
        encoder = seconds(lambda: model.encode(batch['img']), rounds, device)  # noqa: B023
        first = first or whole
        rows.append(
            {
                'network': name,
                'what': f'inference, 1 person, M={rois}',
                'time': whole / first,
                'relative to': f'M={counts[0]}',
                'beside the backbone [%]': 100 * max(0.0, 1 - encoder / whole),
                'vertices differ by [mm]': None,
            }
        )
    return rows


@torch.no_grad()
def variants(name: str, rounds: int, device: str, compiled: bool) -> list[dict[str, Any]]:
    """Faster ways of inference, M = 5, and what they change."""
    model, batch = build(name, 5, device).eval(), make_batch(name, 5, 2, device)
    expected = model(**batch)['pred_vertices']
    last = build(name, 5, device, channels_last=True).eval()
    autocast = torch.autocast(device.split(':')[0], dtype=torch.bfloat16)
    ways: dict[str, tuple[Any, Any]] = {
        'eager float32': (model, nullcontext()),
        'channels_last': (last, nullcontext()),
        'bfloat16 autocast': (model, autocast),
        'bfloat16, channels_last': (last, autocast),
    }
    if compiled:
        ways['torch.compile'] = (torch.compile(copy.deepcopy(model)), nullcontext())
    rows, eager = [], None
    for way, (network, context) in ways.items():
        with context:
            spent = seconds(lambda: network(**batch), rounds, device)  # noqa: B023
            apart = (network(**batch)['pred_vertices'].float() - expected).abs().max()
        eager = eager or spent
        rows.append(
            {
                'network': name,
                'what': f'inference, 2 persons, M=5, {way}',
                'time': spent / eager,
                'relative to': 'eager float32',
                'beside the backbone [%]': None,
                'vertices differ by [mm]': 1e3 * float(apart),
            }
        )
    return rows


def training(name: str, persons: int, rounds: int, device: str) -> list[dict[str, Any]]:
    """A training step by M, and with blocks computed again."""
    rows, first = [], None
    for rois, options in ((1, {}), (5, {}), (5, {'recompute': True}), (5, {'channels_last': True})):
        model = build(name, rois, device, **options).train()
        batch = make_batch(name, rois, persons, device)

        def step() -> None:
            sum(model(**batch, mode='loss').values()).backward()  # noqa: B023
            model.zero_grad()  # noqa: B023

        spent = seconds(step, rounds, device)
        first = first or spent
        note = ''.join(f', {key}' for key in options)
        rows.append(
            {
                'network': name,
                'what': f'training step, {persons} persons, M={rois}{note}',
                'time': spent / first,
                'relative to': 'M=1',
                'beside the backbone [%]': None,
                'vertices differ by [mm]': None,
            }
        )
    return rows


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
