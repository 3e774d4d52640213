#!/usr/bin/env python
"""Time of inference by what the backbone sees of five RoIs: a crop of each, smaller ones, or one
crop of all. Ratios to one RoI, in the same run; the spread is the width of their middle half.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import torch
from bench_model import build, make_batch, seconds
from common import parse, report
from mmengine.device import get_device

from mroi_plugin.utils.errors import report_user_errors
from mroi_plugin.utils.freed_memory import keep_freed_memory

ENCODERS: dict[str, tuple[int, dict[str, Any], float | None]] = {
    'M=1': (1, {}, None),
    'M=5': (5, {}, None),
    'M=5, RoIs 1 to 4 at half the resolution': (
        5,
        {'encoder': {'type': 'SizedCropEncoder', 'scales': (1.0, 0.5, 0.5, 0.5, 0.5)}},
        None,
    ),
    **{
        f'M=5, one crop of {factor:g} times the size for all RoIs': (
            5,
            {'encoder': {'type': 'SharedMapEncoder'}},
            factor,
        )
        for factor in (1.5, 1.0)
    },
}
"""M, options of the model and size of a shared crop."""


@torch.no_grad()
def measure(name: str, persons: int, rounds: int, device: str) -> list[dict[str, Any]]:
    """One row per encoder of `ENCODERS`."""
    runs = {
        way: partial(
            build(name, rois, device, **options).eval(),
            **make_batch(name, rois, persons, device, shared),
            mode='predict',
        )
        for way, (rois, options, shared) in ENCODERS.items()
    }
    spent = seconds(runs, rounds, device)
    return [
        {
            'network': name,
            'people': persons,
            'what': way,
            'time / M=1': spent[way].seconds / spent['M=1'].seconds,
            'spread [%]': spent[way].spread,
        }
        for way in ENCODERS
    ]


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = ['mroi_resnet50', 'mroi_hrnet48', 'mroi_open']
    parser.add_argument('--networks', nargs='+', default=names)
    parser.add_argument('--persons', type=int, default=1)
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--device', default=get_device())
    args = parse(parser, quick={'networks': ['mroi_open'], 'rounds': 3})
    keep_freed_memory(args.device)
    rows = []
    for name in args.networks:
        rows += measure(name, args.persons, args.rounds, args.device)
    report('encoders', rows, args.out)


if __name__ == '__main__':
    main()
