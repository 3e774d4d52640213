#!/usr/bin/env python
"""How long one waits: for help, for imports, for one image, for the first training iteration."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from common import Timing, parse, report, timing

from mroi_plugin.cli import COMMANDS
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.engine.preflight import check_files
from mroi_plugin.utils.errors import report_user_errors

FIRST_STEP = """
import sys, time
start = time.perf_counter()
from mmengine.hooks import Hook
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import HOOKS

@HOOKS.register_module()
class StopAfterFirst(Hook):
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        print('first iteration after', time.perf_counter() - start, flush=True)
        sys.exit(0)

cfg = load_config(sys.argv[1], sys.argv[2])
from mmengine.runner import Runner
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
cfg.custom_hooks = [*cfg.custom_hooks, dict(type='StopAfterFirst')]
load_mmhuman3d()
Runner.from_cfg(cfg).train()
"""

BOX = [100, 60, 200, 380]


def seconds(*command: str, rounds: int) -> Timing:
    """Time of a command, from its start to its end."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return timing(times)


def first_iteration(rounds: int) -> Timing:
    """From the start of Python to the end of the first iteration, with the data there."""
    with tempfile.TemporaryDirectory() as folder:
        return seconds('-c', FIRST_STEP, 'mroi_synthetic', folder, rounds=rounds)


def one_image(rounds: int) -> Timing:
    """``mroi infer`` of an image of noise with one person, from the start of Python to its end."""
    with tempfile.TemporaryDirectory() as folder:
        image, weights, boxes = (f'{folder}/{name}' for name in ('a.png', 'a.pth', 'boxes.json'))
        pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
        cv2.imwrite(image, pixels)
        torch.save(build_model(load_config('mroi_open').model).state_dict(), weights)
        Path(boxes).write_text(json.dumps({'a.png': [BOX]}))
        model = ('--model', 'mroi_open', '--checkpoint', weights, '--boxes', boxes)
        out = ('--out', f'{folder}/results')
        return seconds('-m', 'mroi_plugin', 'infer', image, *model, *out, rounds=rounds)


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=7)
    args = parse(parser, quick={'rounds': 3})
    check_files(load_config('mroi_synthetic'))
    both = seconds('-c', 'import torch, mroi_plugin', rounds=args.rounds)
    alone = seconds('-c', 'import torch', rounds=args.rounds)
    found = {
        **{
            f'mroi {command} --help': seconds(
                '-m', 'mroi_plugin', command, '--help', rounds=args.rounds
            )
            for command in COMMANDS
        },
        'import torch': alone,
        'import mroi_plugin, beyond torch': Timing(both.seconds - alone.seconds, both.spread),
        'mroi infer of one image': one_image(args.rounds),
        'first iteration of mroi_synthetic': first_iteration(args.rounds),
    }
    rows = [
        {
            'what': what,
            'seconds': value,
            'time / import torch': value / alone.seconds,
            'spread [%]': spread,
        }
        for what, (value, spread) in found.items()
    ]
    report('startup', rows, args.out)


if __name__ == '__main__':
    main()
