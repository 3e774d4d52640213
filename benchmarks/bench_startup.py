#!/usr/bin/env python
"""How long one waits: for help, for imports, for a model, for the first training iteration."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time

from common import Timing, parse, report, timing

from mroi_plugin.cli import COMMANDS
from mroi_plugin.engine.config import load_config
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

MODEL = """
from mroi_plugin import Inferencer
import mroi_plugin.apis.saving
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model

build_model(load_config('mroi_open').model)
"""
"""What ``mroi infer`` does before its first image, but for reading trained weights."""


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


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=7)
    args = parse(parser, quick={'rounds': 3})
    check_files(load_config('mroi_synthetic'))
    both = seconds('-c', 'import torch, mroi_plugin', rounds=args.rounds)
    torch = seconds('-c', 'import torch', rounds=args.rounds)
    found = {
        **{
            f'mroi {command} --help': seconds(
                '-m', 'mroi_plugin', command, '--help', rounds=args.rounds
            )
            for command in COMMANDS
        },
        'import torch': torch,
        'import mroi_plugin, beyond torch': Timing(both.seconds - torch.seconds, both.spread),
        'mroi_open, ready for images': seconds('-c', MODEL, rounds=args.rounds),
        'first iteration of mroi_synthetic': first_iteration(args.rounds),
    }
    rows = [
        {
            'what': what,
            'seconds': value,
            'time / import torch': value / torch.seconds,
            'spread [%]': spread,
        }
        for what, (value, spread) in found.items()
    ]
    report('startup', rows, args.out)


if __name__ == '__main__':
    main()
