#!/usr/bin/env python
"""Torch against onnxruntime on the CPU: people per second from crops to meshes, and errors.

All ways run in turns on the same crops of noise. Times are medians, as ratios to torch in float32;
the spread is the width of their middle half. Without a checkpoint, weights are as drawn.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import parse, report, take_turns

from mroi_plugin.deploy.onnx.export import ExportOptions, export
from mroi_plugin.deploy.onnx.precision import PRECISIONS
from mroi_plugin.deploy.onnx.sessions import open_session
from mroi_plugin.deploy.onnx.wrapped_model import WrappedModel
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model, load_model, plugin_scope
from mroi_plugin.registry import TRANSFORMS
from mroi_plugin.utils.errors import report_user_errors
from mroi_plugin.utils.freed_memory import keep_freed_memory

VERTICES = 'pred_vertices'


@torch.inference_mode()
def run_torch(
    network: WrappedModel, inputs: tuple[torch.Tensor, ...], narrow: bool = False
) -> np.ndarray:
    """Vertices (N, V, 3) m."""
    with torch.autocast('cpu', torch.bfloat16, enabled=narrow):
        return network(*inputs)[network.outputs.index(VERTICES)].numpy()


def run_onnx(session: Any, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Vertices (N, V, 3) m."""
    return session.run([VERTICES], inputs)[0]


def measure(
    config: str, checkpoint: str, options: list[str], persons: list[int], rounds: int
) -> list[dict[str, Any]]:
    """One row per number of people and way."""
    cfg = load_config(config, options=options)
    model = load_model(cfg, checkpoint)
    with plugin_scope():
        crop = TRANSFORMS.build(dict(cfg.test_dataloader.dataset.pipeline.crop))
    network = WrappedModel(model, body=True, crop_size=crop.cut_size).eval()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        sessions = {}
        for precision in PRECISIONS:
            path = f'{folder}/{precision}.onnx'
            chosen = ExportOptions(body=True, precision=precision)
            export(config, checkpoint, path, chosen, tuple(options))
            sessions[precision] = open_session(path)
        for count in persons:
            inputs = network.example(count)
            given = {name: x.numpy() for name, x in zip(network.inputs, inputs)}
            runs: dict[str, Callable[[], np.ndarray]] = {
                'torch, float32': partial(run_torch, network, inputs),
                'torch, bfloat16': partial(run_torch, network, inputs, narrow=True),
                **{
                    f'onnxruntime, {name}': partial(run_onnx, session, given)
                    for name, session in sessions.items()
                },
            }
            rows += compare(count, runs, rounds)
    return rows


def compare(
    persons: int, runs: dict[str, Callable[[], np.ndarray]], rounds: int
) -> list[dict[str, Any]]:
    """One row per way; the first is what the others are compared with."""
    spent, (first, *_) = take_turns(runs, rounds), runs
    truth = runs[first]()
    rows = []
    for name, run in runs.items():
        errors = 1000 * np.linalg.norm(run() - truth, axis=-1)
        rows.append(
            {
                'people': persons,
                'what': name,
                'people per s': persons / spent[name].seconds,
                'time': spent[name].seconds / spent[first].seconds,
                'spread [%]': spent[name].spread,
                'vertices differ by [mm]': float(errors.mean()),
                'at most [mm]': float(errors.max()),
            }
        )
    return rows


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--config', default='mroi_open', help='of a network')
    parser.add_argument('--checkpoint', help='of the config')
    parser.add_argument('--persons', type=int, nargs='+', default=[1, 16])
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    args = parse(parser, quick={'rounds': 5})
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = args.checkpoint
        if checkpoint is None:
            torch.manual_seed(0)
            model = build_model(load_config(args.config, options=args.cfg_options).model)
            checkpoint = str(Path(folder, 'drawn.pth'))
            torch.save(model.state_dict(), checkpoint)
        rows = measure(args.config, checkpoint, args.cfg_options, args.persons, args.rounds)
    report('runtimes', rows, args.out)


if __name__ == '__main__':
    main()
