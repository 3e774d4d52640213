#!/usr/bin/env python
"""From nothing to a trained and tested model: data, two trainings, a table and pictures.

It runs from a checkout, whose generator of synthetic data it uses (``make train``).
"""

from __future__ import annotations

import argparse
import json
import os.path as osp
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mroi_plugin.commands.options import folder

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'projects' / 'synthetic_humans'))

COLUMNS = {
    'mpjpe': 'MPJPE [mm]',
    'pa_mpjpe': 'PA-MPJPE [mm]',
    'pve': 'PVE [mm]',
    'betas_error': 'betas',
    'camera_residual_px': 'camera residual [px]',
}
EPOCHS, VALIDATED_EVERY = 14, 7
METHODS = {'CLIFF (1 RoI)': 'cliff_open', 'Multi-RoI (5 RoIs)': 'mroi_open'}
"""Configs by name in the table; each is trained as NAME_cached."""


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out', type=folder, default='work_dirs/quickstart', help='folder for all results'
    )
    parser.add_argument('--num-show', type=int, default=8, help='number of test images to draw')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='override config entries'
    )
    return parser.parse_args()


def quickstart(
    out: str = 'work_dirs/quickstart',
    methods: dict[str, str] = METHODS,
    num_show: int = 8,
    options: Sequence[str] = (),
) -> dict[str, dict[str, float]]:
    """Make the data if missing, train and test every method, compare with the mean body.

    Every method has the same pretrained backbone, which stays as it is, and sees the same people
    for the same number of epochs. What is finished is not done again.

    Args:
        out: folder for checkpoints, ``results.json``, ``results.md`` and ``pictures/``.
        methods: as `METHODS`; pictures are of the last one.
        num_show: number of test images to draw.
        options: ``KEY=VALUE`` overrides of every config.

    Returns:
        Metrics by method.
    """
    from rich.console import Console
    from synthetic_humans.build import build_synthetic_data

    from mroi_plugin.analysis.mean_body import evaluate_mean_body
    from mroi_plugin.apis.test import test
    from mroi_plugin.apis.train import train_once

    console, start = Console(), time.time()
    build_synthetic_data()
    results = {'mean body': evaluate_mean_body(next(iter(methods.values())), options)}
    for position, (name, config) in enumerate(methods.items()):
        work_dir = osp.join(out, config)
        sparse = [f'train_cfg.val_interval={VALIDATED_EVERY}', *options]
        checkpoint = train_once(f'{config}_cached', work_dir, sparse, epochs_of(options))
        last = position == len(methods) - 1
        results[name] = test(
            config, checkpoint, work_dir=work_dir, options=options, num_show=num_show if last else 0
        )
    write_results(results, Path(out))
    console.print(as_table(results))
    console.print(f'pictures: {work_dir}/pictures/contact_sheet.jpg')
    console.print(f'{time.time() - start:.0f} s in all; numbers in {out}/results.json')
    return results


def epochs_of(options: Sequence[str]) -> int | None:
    """`EPOCHS`, unless the options have a number of their own."""
    chosen = any(option.startswith('train_cfg.max_epochs=') for option in options)
    return None if chosen else EPOCHS


def _row(metrics: dict[str, float]) -> list[str]:
    values = [metrics.get(f'mesh/{name}') for name in COLUMNS]
    return ['-' if value is None else f'{value:.4g}' for value in values]


def as_table(results: dict[str, dict[str, float]]) -> Any:
    """The results for a terminal."""
    from mroi_plugin.utils.terminal_tables import Name, table_of_numbers

    headers = [title.replace(' [', '\n[').replace(', ', ',\n') for title in COLUMNS.values()]
    table = table_of_numbers('test set of the synthetic data', 'method', *headers)
    for name, metrics in results.items():
        table.add_row(Name(name), *_row(metrics))
    return table


def write_results(results: dict[str, Any], folder: Path) -> None:
    """Write ``results.json`` and ``results.md``."""
    from mroi_plugin.utils.atomic_files import write_text

    lines = [
        '| method | ' + ' | '.join(COLUMNS.values()) + ' |',
        '| --- |' + ' ---: |' * len(COLUMNS),
        *('| ' + ' | '.join([name, *_row(metrics)]) + ' |' for name, metrics in results.items()),
    ]
    write_text(folder / 'results.json', json.dumps(results, indent=2) + '\n')
    write_text(folder / 'results.md', '\n'.join(lines) + '\n')


def main() -> None:
    """Run `quickstart` with the options of the command line."""
    args = parse_args()
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        quickstart(args.out, num_show=args.num_show, options=args.cfg_options)


if __name__ == '__main__':
    main()
