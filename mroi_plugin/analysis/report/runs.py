"""Files that testing and training left in the folder of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from mroi_plugin.analysis.log_files import read_scalars, read_table

NUMBERS = ('mpjpe', 'pa_mpjpe', 'pve', 'reprojection_px', 'offset', 'depth_m')
"""Columns of the table that are drawn or sorted by."""


@dataclass(frozen=True)
class Run:
    """One folder.

    Attributes:
        name: of the folder, or a longer end of its path where two have the same.
        folder: of the run.
        metrics: content of ``metrics.json``; empty for a training that was not tested.
        table: ``per_sample.csv``, a row per person; empty where it is missing.
        losses: training loss by iteration.
        rates: learning rate by iteration.
        errors: MPJPE on the validation set by epoch, mm.
    """

    name: str
    folder: Path
    metrics: dict[str, Any]
    table: pd.DataFrame
    losses: list[tuple[float, float]]
    rates: list[tuple[float, float]]
    errors: list[tuple[float, float]]

    def picture(self, *parts: str) -> Path | None:
        """A file below ``pictures/``, if it is there."""
        path = self.folder.joinpath('pictures', *parts)
        return path if path.is_file() else None

    def pictures_by_epoch(self) -> dict[int, list[Path]]:
        """What `MeshVisualizationHook` has drawn, of a later attempt where there are several."""
        latest = {
            path.name: path
            for path in sorted(self.folder.glob('*/vis_data/vis_image/prediction_*.png'))
        }
        found: dict[int, list[Path]] = {}
        for name in sorted(latest):
            epoch = latest[name].stem.rpartition('_')[2]
            if epoch.isdigit():
                found.setdefault(int(epoch), []).append(latest[name])
        return dict(sorted(found.items()))


def read_runs(folders: list[str]) -> list[Run]:
    """Read the runs, each under a name of its own.

    Raises:
        FileNotFoundError: if a folder is neither of a test nor of a training.
        ValueError: if a file of it is damaged.
    """
    paths = [Path(folder) for folder in folders]
    return [_read(path, name) for path, name in zip(paths, _names(paths))]


def _names(paths: list[Path]) -> list[str]:
    for depth in range(1, 5):
        names = ['/'.join(path.resolve().parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f'{i + 1}: {path}' for i, path in enumerate(paths)]


def _read(folder: Path, name: str) -> Run:
    path, rows = folder / 'metrics.json', folder / 'per_sample.csv'
    scalars = list(read_scalars(folder))
    if not path.is_file() and not scalars:
        raise FileNotFoundError(
            f'{folder}: neither metrics.json of a test nor the scalars of a training are there. '
            f'Train, or test: mroi test CONFIG CHECKPOINT --work-dir {folder} --num-show 8 '
            '--worst 8.'
        )
    try:
        metrics = json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}
        table = read_table(rows) if rows.is_file() else pd.DataFrame()
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{folder} cannot be read as a run ({error}): test it again.') from error
    check_metrics(path, metrics)
    wrong = [name for name in NUMBERS if name in table and not is_numeric_dtype(table[name])]
    if wrong:
        raise ValueError(f'{rows}: column {wrong[0]} holds something else than numbers.')
    curves = [_curve(scalars, key) for key in ('loss', 'lr', 'mesh/mpjpe')]
    return Run(name, folder, metrics, table, *curves)


def check_metrics(path: Path, metrics: Any) -> None:
    """Refuse metrics that are not as `write_errors` writes them.

    Raises:
        ValueError: naming the file, the key, what is there and what was expected.
    """
    if not isinstance(metrics, dict):
        raise ValueError(f'{path} holds a {type(metrics).__name__}, expected an object.')
    for key, value in metrics.items():
        if key.startswith('mesh/'):
            _check_numbers(path, key, value, 0)
        elif key.startswith('per_'):
            _check_numbers(path, key, value, 1 if key == 'per_joint' else 2)


def _check_numbers(path: Path, key: str, value: Any, depth: int) -> None:
    """Refuse what is no number, or no object of numbers, or no object of such objects."""
    expected, what = (dict, 'an object') if depth else ((int, float, type(None)), 'a number')
    if not isinstance(value, expected):
        raise ValueError(
            f'{path}: {key} is a {type(value).__name__}, expected {what}: test it again.'
        )
    for name, content in value.items() if depth else ():
        _check_numbers(path, f'{key}.{name}', content, depth - 1)


def _curve(scalars: list[dict[str, Any]], key: str) -> list[tuple[float, float]]:
    """Values by step in the log of each attempt, the later one winning."""
    numbers = (int, float)
    found = {
        entry['step']: entry[key]
        for entry in scalars
        if isinstance(entry.get('step'), numbers) and isinstance(entry.get(key), numbers)
    }
    return sorted(found.items())
