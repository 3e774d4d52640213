"""What benchmarks share: options, times with their spread, a table, and a checked JSON file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from mroi_plugin.commands.options import file

Row = Mapping[str, Any]
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'projects' / 'synthetic_humans'))  # draws the images
KEYS = {'benchmark': str, 'command': str, 'date': str, 'machine': dict, 'rows': list}


class Timing(NamedTuple):
    """Median of several times, and how far apart their middle half is, in percent of it."""

    seconds: float
    spread: float


def timing(times: Sequence[float]) -> Timing:
    """Of times in seconds."""
    low, median, high = np.percentile(times, [25, 50, 75])
    return Timing(float(median), float(100 * (high - low) / median))


def take_turns(
    runs: Mapping[str, Callable[[], Any]], rounds: int, wait: Callable[[], None] = lambda: None
) -> dict[str, Timing]:
    """Times of calls, after one each that warms up: in turns, so that all see the same machine.

    Args:
        runs: calls by name.
        rounds: times that each is measured.
        wait: for the device, after every call.
    """
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            wait()
            if turn:
                spent[name].append(time.perf_counter() - start)
    return {name: timing(times) for name, times in spent.items()}


def parse(parser: argparse.ArgumentParser, quick: Mapping[str, Any]) -> argparse.Namespace:
    """Read the command line; ``--out`` and ``--quick`` are options of every benchmark.

    Args:
        parser: with the benchmark's own options.
        quick: defaults of ``--quick``, which ends within three minutes on two cores.
    """
    told = ', '.join(f'{name}={value}' for name, value in quick.items()) or 'as always'
    parser.add_argument('--quick', action='store_true', help=f'within three minutes: {told}')
    parser.add_argument('--out', type=file, help='JSON file of the figures')
    if '--quick' in sys.argv[1:]:
        parser.set_defaults(**quick)
    return parser.parse_args()


def machine() -> dict[str, Any]:
    """Kind of machine and versions; nothing that names this very one."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        'architecture': platform.machine(),
        'cores': len(os.sched_getaffinity(0)),
        'gpu': gpu,
        'python': platform.python_version(),
        'torch': torch.__version__,
    }


def report(name: str, rows: Sequence[Row], out: str | None) -> Path:
    """Print a table of the rows and write them, with the command and the machine, as JSON; returns
    its path.

    Args:
        name: of the benchmark.
        rows: figures by column; texts, numbers or None.
        out: file; ``work_dirs/benchmarks/NAME.json`` by default.
    """
    table = Table(title=name)
    told = [column for column in rows[0] if any(row[column] is not None for row in rows)]
    for column in told:
        table.add_column(column, justify='left' if isinstance(rows[0][column], str) else 'right')
    for row in rows:
        table.add_row(*(_text(row[column]) for column in told))
    Console().print(table)
    script = Path(sys.argv[0])
    result = {
        'benchmark': name,
        'command': ' '.join(['python', f'benchmarks/{script.name}', *sys.argv[1:]]),
        'date': date.today().isoformat(),
        'machine': machine(),
        'rows': [dict(row) for row in rows],
    }
    check(result)
    path = Path(out or f'work_dirs/benchmarks/{name}.json')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + '\n')
    print(f'wrote {path}')
    return path


def check(result: Mapping[str, Any]) -> None:
    """Refuse a result that is not of the form that `report` writes.

    Raises:
        ValueError: saying what is wrong.
    """
    for key, kind in KEYS.items():
        if not isinstance(result.get(key), kind):
            raise ValueError(f'{key}: expected {kind.__name__}, found {result.get(key)!r}.')
    if not result['rows'] or any(set(row) != set(result['rows'][0]) for row in result['rows']):
        raise ValueError('rows: expected at least one, all with the same columns.')
    for row in result['rows']:
        bad = [k for k, v in row.items() if not isinstance(v, (str, int, float, type(None)))]
        if bad:
            raise ValueError(f'rows: {bad} are neither text nor number.')


def _text(value: Any) -> str:
    if value is None:
        return '-'
    return f'{value:.4g}' if isinstance(value, float) else str(value)
