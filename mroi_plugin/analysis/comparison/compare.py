"""The whole comparison: train what is missing, measure each, write the tables."""

from __future__ import annotations

import os.path as osp
import platform
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from mroi_plugin.analysis.comparison.isolated import measure_isolated
from mroi_plugin.analysis.comparison.methods import Method, check_same_test, parse_methods
from mroi_plugin.analysis.comparison.tables import as_table, write_tables
from mroi_plugin.analysis.mean_body import evaluate_mean_body
from mroi_plugin.apis.train import train_once
from mroi_plugin.utils.ownership import owned

MEAN_BODY = 'mean body'
"""The first row: the same body for everyone, facing the camera."""


def compare(
    arguments: Sequence[str],
    out: str,
    epochs: int | None = None,
    options: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:
    """Measure several methods on one test set.

    Args:
        arguments: ``CONFIG[=CHECKPOINT]``.
        out: folder for the tables, and with ``epochs`` for the trainings.
        epochs: train every method that has no checkpoint for so many epochs first.
        options: ``KEY=VALUE`` overrides of every config.

    Returns:
        Measurements by method, see `measure`; first the errors of the `MEAN_BODY`.

    Raises:
        UsageError: if the methods cannot be compared, one cannot be measured, or another process
            works in ``out``.
    """
    console = Console()
    work_dirs = 'work_dirs' if epochs is None else osp.join(out, 'training')
    methods = parse_methods(arguments, work_dirs, train=epochs is not None)
    check_same_test(methods, options)
    with owned(out):
        if epochs is not None:
            methods = [_trained(method, work_dirs, epochs, options, console) for method in methods]
        results = {
            MEAN_BODY: evaluate_mean_body(methods[0].config, options),
            **_measure_all(methods, tuple(options), console),
        }
        write_tables(results, Path(out), _facts(epochs))
        console.print(as_table(results, f'test set of {methods[0].config}'))
        console.print(f'wrote {out}/comparison.json, .csv and .md')
        return results


def _trained(
    method: Method, work_dirs: str, epochs: int, options: Sequence[str], console: Console
) -> Method:
    """The method with a checkpoint of ``epochs`` epochs; one that was named is left alone."""
    if method.checkpoint is not None:
        return method
    work_dir = osp.join(work_dirs, method.name)
    console.rule(f'training {method.name}, {epochs} epochs')
    return Method(method.config, train_once(method.config, work_dir, options, epochs))


def _measure_all(
    methods: Sequence[Method], options: tuple[str, ...], console: Console
) -> dict[str, dict[str, Any]]:
    bars = (BarColumn(), TextColumn('{task.description}'), TimeElapsedColumn())
    results = {}
    with Progress(*bars, console=console) as progress:
        task = progress.add_task('', total=len(methods))
        for position, method in enumerate(methods):
            report = partial(_show, progress, task, position, method.name)
            report('starting', 0.0)
            results[method.name] = {
                'config': method.config,
                'checkpoint': method.checkpoint,
                **measure_isolated(method, report, options),
            }
        progress.update(task, completed=len(methods), description='done')
    return results


def _show(
    progress: Progress, task: TaskID, position: int, name: str, what: str, share: float
) -> None:
    progress.update(task, completed=position + 0.5 * share, description=f'{name}: {what}')


def _facts(epochs: int | None) -> dict[str, Any]:
    """Settings that the numbers depend on."""
    cuda = torch.cuda.is_available()
    return {
        'command': ' '.join(sys.argv),
        'date': time.strftime('%Y-%m-%d'),
        'device': torch.cuda.get_device_name() if cuda else platform.machine(),
        'threads': torch.get_num_threads(),
        'torch': torch.__version__,
        'epochs_trained_here': epochs,
        'memory_is': 'allocated on the device' if cuda else 'resident in the process',
    }
