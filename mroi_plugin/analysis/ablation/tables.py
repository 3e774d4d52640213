"""Mean and spread over seeds, with the paper's numbers beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from mroi_plugin.analysis.ablation.groups import PAPER_ERRORS
from mroi_plugin.analysis.ablation.runs import ERRORS
from mroi_plugin.utils.terminal_tables import Name, table_of_numbers

TITLES = {'mpjpe': 'MPJPE', 'pa_mpjpe': 'PA-MPJPE', 'pve': 'PVE'}
Results = Mapping[str, Sequence[Mapping[str, Any]]]


def summarize(results: Results) -> pd.DataFrame:
    """One row per config: last error as mean and sample standard deviation over seeds, mm.

    Args:
        results: of every seed, by row; see `mroi_plugin.analysis.ablation.perform.perform`.
    """
    rows = {}
    for row, runs in results.items():
        last = pd.DataFrame({name: [run[name][-1] for run in runs] for name in ERRORS})
        paper = PAPER_ERRORS.get(row, (None, None))
        rows[row] = {
            **{f'{name}_mean': last[name].mean() for name in ERRORS},
            **{f'{name}_std': last[name].std() for name in ERRORS},
            'seeds': len(runs),
            'paper_mpjpe': paper[0],
            'paper_pa_mpjpe': paper[1],
        }
    return pd.DataFrame.from_dict(rows, orient='index').rename_axis('row')


def _cells(line: pd.Series) -> list[str]:
    cells = []
    for name in ERRORS:
        spread = line[f'{name}_std']
        cells.append(
            f'{line[f"{name}_mean"]:.1f}' + ('' if pd.isna(spread) else f' ± {spread:.1f}')
        )
    paper = (line['paper_mpjpe'], line['paper_pa_mpjpe'])
    return [*cells, '-' if pd.isna(paper[0]) else f'{paper[0]:.1f} / {paper[1]:.1f}']


HEADER = ('row', *(f'{TITLES[name]} [mm]' for name in ERRORS), 'paper, COCO to 3DPW')


def as_table(summary: pd.DataFrame, title: str) -> Table:
    """For the terminal."""
    table = table_of_numbers(title, *(text.replace(', ', ',\n') for text in HEADER))
    for row, line in summary.iterrows():
        table.add_row(Name(str(row)), *_cells(line))
    return table


def as_markdown(summary: pd.DataFrame) -> str:
    """A markdown table."""
    lines = ['| ' + ' | '.join(HEADER) + ' |', '| --- |' + ' ---: |' * (len(HEADER) - 1)]
    lines += ['| ' + ' | '.join([str(row), *_cells(x)]) + ' |' for row, x in summary.iterrows()]
    return '\n'.join(lines) + '\n'
