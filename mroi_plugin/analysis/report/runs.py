"""Files that testing and training left in the folder of a run."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Run:
    """One folder.

    Attributes:
        name: of the folder, or a longer end of its path where two have the same.
        folder: of the run.
        metrics: content of ``metrics.json``.
        table: ``per_sample.csv``, a row per person; empty where it is missing.
        losses: training loss by iteration.
        errors: MPJPE on the validation set by epoch, mm.
    """

    name: str
    folder: Path
    metrics: dict[str, Any]
    table: pd.DataFrame
    losses: list[tuple[float, float]]
    errors: list[tuple[float, float]]

    def picture(self, *parts: str) -> Path | None:
        """A file below ``pictures/``, if it is there."""
        path = self.folder.joinpath('pictures', *parts)
        return path if path.is_file() else None


def read_runs(folders: list[str]) -> list[Run]:
    """Read the runs, each under a name of its own.

    Raises:
        FileNotFoundError: if a folder has no ``metrics.json``.
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
    if not path.is_file():
        raise FileNotFoundError(
            f'{path}: no such file; a report is about tested runs: mroi test CONFIG CHECKPOINT '
            f'--work-dir {folder} --num-show 8 --worst 8.'
        )
    try:
        metrics = json.loads(path.read_text(encoding='utf-8'))
        table = pd.read_csv(rows) if rows.is_file() else pd.DataFrame()
    except ValueError as error:
        raise ValueError(f'{folder} cannot be read as a run ({error}): test it again.') from error
    if not isinstance(metrics, dict):
        raise ValueError(f'{path} holds a {type(metrics).__name__}, expected an object.')
    return Run(name, folder, metrics, table, _curve(folder, 'loss'), _curve(folder, 'mesh/mpjpe'))


def _curve(folder: Path, key: str) -> list[tuple[float, float]]:
    """Values by step in the log of each attempt, the later one winning."""
    found: dict[float, float] = {}
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in path.read_text(encoding='utf-8').splitlines():
            # an entry of another kind, or the last line of a killed run
            with suppress(KeyError, ValueError):
                entry = json.loads(line)
                found[entry['step']] = entry[key]
    return sorted(found.items())
