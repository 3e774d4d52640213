#!/usr/bin/env python
"""The network: time by the number of RoIs, faster ways to run and train it, and its loader.

Every variant says how far its vertices are from those of eager float32. Times are medians and given
as ratios to M = 1, or to eager, in the same run; the spread is the width of their middle half.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from common import Timing, parse, report, take_turns
from mmengine.device import get_device
from torch import nn

from mroi_plugin.cameras import encode_bbox_info
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_files import find_config
from mroi_plugin.utils.errors import report_user_errors
from mroi_plugin.utils.freed_memory import keep_freed_memory

COLUMNS = (
    'spread [%]',
    'beside the backbone [%]',
    'vertices differ by [mm]',
    'persons per s',
    'peak memory [GiB]',
    'TFLOP/s',
    'share of a matrix product [%]',
    'data',
)
"""Figures that a row may have; persons per second and memory on a GPU alone, whose kind the result
names."""
MATRIX = 4096
"""Side of the matrices whose product shows how fast the device multiplies at best."""
SIZES = {
    **{'mroi_resnet50': (224, 224), 'mroi_hrnet48': (256, 192), 'mroi_synthetic': (64, 48)},
    'mroi_open': (256, 256),
}


def build(name: str, rois: int, device: str, **options: Any) -> nn.Module:
    """A network of noise with M RoIs; the scores of the fusion take any M up to 16."""
    cfg = load_config(find_config(name), 'unused').model
    cfg.body_model.free_body = cfg.head.mean_params.free_body = True
    cfg.backbone.init_cfg = None
    cfg.head.num_rois = rois
    cfg.update(options)
    torch.manual_seed(0)
    return MODELS.build(cfg).to(device)


def make_batch(
    name: str, rois: int, persons: int, device: str, shared: float | None = None
) -> dict[str, torch.Tensor]:
    """Crops of noise, or shared ones ``shared`` times as large, and plausible annotations."""
    generator = torch.Generator().manual_seed(0)

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    batch = {
        'img': torch.randn(
            *(persons, rois if shared is None else 1, 3),
            *(round((shared or 1) * side) for side in SIZES[name]),
            generator=generator,
        ),
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
    if shared is not None:
        batch['shared_roi'] = torch.tensor([130.0, 130.0, 300.0]).expand(persons, 3)
    return {key: value.to(device) for key, value in batch.items()}


def seconds(runs: Mapping[str, Callable[[], Any]], rounds: int, device: str) -> dict[str, Timing]:
    """See `take_turns`."""
    return take_turns(runs, rounds, (lambda: None) if device == 'cpu' else torch.cuda.synchronize)


def row(name: str, what: str, ratio: float, base: str, **more: float) -> dict[str, Any]:
    """One line of the table."""
    columns = dict.fromkeys(COLUMNS)
    return {'network': name, 'what': what, 'time': ratio, 'relative to': base, **columns, **more}


@torch.no_grad()
def by_rois(name: str, counts: list[int], rounds: int, device: str) -> list[dict[str, Any]]:
    """Inference of one person by M, and the share of time beside the backbone."""
    runs: dict[str, Callable[[], Any]] = {}
    for rois in counts:
        model, batch = build(name, rois, device).eval(), make_batch(name, rois, 1, device)
        runs[f'whole {rois}'] = partial(model, **batch)
        runs[f'beside {rois}'] = partial(beside, model, model.encode(batch['img'], batch), batch)
    spent = seconds(runs, rounds, device)
    base = f'M={counts[0]}'
    rows = []
    for rois in counts:
        whole, spread = spent[f'whole {rois}']
        beside_it = spent[f'beside {rois}'].seconds
        more = {'beside the backbone [%]': 100 * beside_it / whole, 'spread [%]': spread}
        if device != 'cpu':
            more['persons per s'] = 1 / whole
        ratio = whole / spent[f'whole {counts[0]}'].seconds
        rows.append(row(name, f'inference, 1 person, M={rois}', ratio, base, **more))
    return rows


def beside(
    model: nn.Module, features: torch.Tensor, batch: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """What follows the backbone: the head and the body."""
    out = model.head(features, encode_bbox_info(batch['rois'], batch['focal_length'][:, None]))
    return model.pose_body(out['pred_pose'], out['pred_betas'])


@torch.no_grad()
def variants(name: str, rounds: int, device: str, compiled: bool) -> list[dict[str, Any]]:
    """Faster ways of inference, switches of the config, M = 5, and what they change."""
    ways: dict[str, dict[str, Any]] = {
        'eager float32': {},
        'channels_last': {'channels_last': True},
        'bfloat16': {'inference': {'dtype': 'bfloat16'}},
        'bfloat16, channels_last': {'inference': {'dtype': 'bfloat16'}, 'channels_last': True},
    }
    if compiled:
        ways['compile'] = {'inference': {'compile': True}}
    if compiled and device != 'cpu':
        ways['CUDA graphs'] = {'inference': {'compile': {'backend': 'cudagraphs'}}}
        fast = {'dtype': 'bfloat16', 'compile': {'mode': 'reduce-overhead'}}
        ways['bfloat16, channels_last, compile, CUDA graphs'] = {
            'inference': fast,
            'channels_last': True,
        }
    rows = []
    for persons in (1, 16) if device != 'cpu' else (1,):
        batch = make_batch(name, 5, persons, device)
        runs = {
            way: partial(build(name, 5, device, **options).eval(), **batch, mode='predict')
            for way, options in ways.items()
        }
        spent = seconds(runs, rounds, device)
        expected = vertices(runs['eager float32']())
        for way, run in runs.items():
            apart = 1e3 * float((vertices(run()) - expected).abs().max())
            ratio = spent[way].seconds / spent['eager float32'].seconds
            what = f'inference, {persons} person(s), M=5, {way}'
            error = {'vertices differ by [mm]': apart, 'spread [%]': spent[way].spread}
            rows.append(row(name, what, ratio, 'eager float32', **error))
    return rows


def vertices(people: list[dict[str, torch.Tensor]]) -> torch.Tensor:
    """(N, V, 3) meters."""
    return torch.stack([person['pred_vertices'] for person in people])


def training(
    name: str, persons: int, rounds: int, device: str, compiled: bool, counts: list[int]
) -> list[dict[str, Any]]:
    """A training step by M and by the ways to make it faster or smaller."""
    fast = {'channels_last': True}
    plans: list[tuple[str, int, dict[str, Any], bool, bool]] = [
        (f'M={rois}', rois, {}, False, False) for rois in counts
    ]
    plans += [
        ('M=5, recompute', 5, {'recompute': True}, False, False),
        ('M=5, channels_last', 5, fast, False, False),
        ('M=5, bfloat16', 5, {}, True, False),
        ('M=5, bfloat16, channels_last', 5, fast, True, False),
    ]
    if compiled and device != 'cpu':
        plans.append(('M=5, bfloat16, channels_last, compile', 5, fast, True, True))
        plans.append(('M=16, bfloat16, recompute', 16, {**fast, 'recompute': True}, True, False))
    kinds = {False: torch.float32, True: torch.bfloat16}
    best = {narrow: matrix_product(device, kind) for narrow, kind in kinds.items()}
    rows, base = [], None
    for what, rois, options, narrow, compile_it in plans:
        model = build(name, rois, device, **options).train()
        batch = make_batch(name, rois, persons, device)
        run = partial(step, model, batch, narrow)
        if compile_it:
            model.compile_network()
        spent, spread = seconds({what: run}, rounds, device)[what]
        base = spent if base is None else base
        more = {'spread [%]': spread, **_of_the_device(run, spent, device, best[narrow])}
        what = f'training step, {persons} persons, {what}'
        rows.append(row(name, what, spent / base, f'M={counts[0]}', **more))
    return rows


def _of_the_device(
    run: Callable[[], Any], spent: float, device: str, best: float
) -> dict[str, float]:
    """Speed of a step in floating point operations, also as a share of ``best`` TFLOP/s, and, on a
    GPU, its peak memory."""
    found: dict[str, float] = {}
    if device != 'cpu':
        torch.cuda.reset_peak_memory_stats()
        run()
        found['peak memory [GiB]'] = torch.cuda.max_memory_allocated() / 2**30
    try:
        from torch.utils.flop_counter import FlopCounterMode
    except ImportError:  # torch 1.13
        return found
    with FlopCounterMode(display=False) as counter:
        run()
    found['TFLOP/s'] = counter.get_total_flops() / spent / 1e12
    found['share of a matrix product [%]'] = 100 * found['TFLOP/s'] / best
    return found


def matrix_product(device: str, kind: torch.dtype) -> float:
    """TFLOP/s of the product of two large matrices of random numbers."""
    side = MATRIX if device != 'cpu' else MATRIX // 4
    a, b = torch.randn(2, side, side, device=device).to(kind)
    spent = seconds({'product': lambda: a @ b}, 20, device)['product'].seconds
    return 2 * side**3 / spent / 1e12


def loading(name: str, persons: int, rounds: int, device: str, count: int) -> list[dict[str, Any]]:
    """Whether loader processes keep up with the fastest training step, from 640x480 images."""
    from bench_samples import our_dataset, workers, write_images

    root = write_images(Path('work_dirs/benchmarks/samples'), (640, 480), 48)
    speed = workers(our_dataset(root, 5, SIZES[name]), count, 4.0)
    model = build(name, 5, device, channels_last=True).train()
    run = partial(step, model, make_batch(name, 5, persons, device), True)
    needed = persons / seconds({'step': run}, rounds, device)['step'].seconds
    told = f'{"starved" if speed < needed else "fed"}: {speed:.0f} persons/s of {needed:.0f}'
    what = f'loader, {count} workers, M=5, bfloat16, channels_last'
    return [row(name, what, needed / speed, 'loader', data=told)]


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """A picture of the times: bars by network, in the order of the table."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(row['network'] for row in rows))
    figure = Figure(figsize=(9, 1 + 0.22 * len(rows)), layout='constrained')
    axes = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    for axis, name in zip(axes, names):
        own = [row for row in rows if row['network'] == name]
        axis.barh([row['what'] for row in own], [row['time'] for row in own], color='#4c72b0')
        axis.bar_label(axis.containers[0], fmt='%.2f', fontsize=7)
        axis.invert_yaxis()
        axis.tick_params(labelsize=7)
        axis.set_title(f'{name}: time relative to M = 1, eager or the loader', fontsize=9)
    figure.savefig(path, dpi=130)
    print(f'wrote {path}')


def step(model: nn.Module, batch: dict[str, torch.Tensor], narrow: bool = False) -> None:
    """Forward and backward pass, in bfloat16 where autocast does so."""
    with torch.autocast(batch['img'].device.type, torch.bfloat16, enabled=narrow):
        losses = model(**batch, mode='loss')
    sum(losses.values()).backward()
    model.zero_grad()


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--networks', nargs='+', default=['mroi_resnet50', 'mroi_hrnet48'])
    parser.add_argument('--rois', nargs='+', type=int, default=list(range(1, 9)))
    parser.add_argument('--persons', type=int, default=2, help='of a training step')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--compile', action='store_true', help='torch.compile too')
    parser.add_argument('--workers', type=int, default=2, help='processes of the loader')
    parser.add_argument('--device', default=get_device())
    args = parse(parser, quick={'networks': ['mroi_resnet50'], 'rois': [1, 5], 'rounds': 3})
    keep_freed_memory(args.device)
    rows = []
    for name in args.networks:
        rows += by_rois(name, args.rois, args.rounds, args.device)
        rows += variants(name, args.rounds, args.device, args.compile)
        rounds, counts = max(1, args.rounds // 2), sorted({1, 5} & {*args.rois}) or args.rois[:1]
        rows += training(name, args.persons, rounds, args.device, args.compile, counts)
        rows += loading(name, args.persons, rounds, args.device, args.workers)
    draw(rows, report('model', rows, args.out).with_suffix('.png'))


if __name__ == '__main__':
    main()
