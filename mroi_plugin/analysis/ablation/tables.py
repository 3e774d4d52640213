"""Mean and spread over seeds, differences to a reference, and the paper's numbers beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from mroi_plugin.analysis.ablation.groups import PAPER_ERRORS
from mroi_plugin.analysis.ablation.pairs import paired_difference, read_people
from mroi_plugin.analysis.ablation.runs import ERRORS
from mroi_plugin.utils.terminal_tables import Name, table_of_numbers

PAIRED = ('mpjpe', 'pa_mpjpe', 'pve', 'reprojection_share')
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


def add_pairs(summary: pd.DataFrame, folders: Mapping[str, Sequence[Path]], reference: str) -> None:
    """Add the reprojection error, and differences to a reference row with their intervals.

    Args:
        summary: of `summarize`, changed in place.
        folders: of the runs of every seed, by row.
        reference: row whose errors are subtracted.
    """
    people = {row: read_people(runs, PAIRED) for row, runs in folders.items()}
    for row, errors in people.items():
        for column in PAIRED:
            if column not in ERRORS:
                summary.loc[row, f'{column}_mean'] = np.nanmean(errors[column])
            if row != reference:
                found = paired_difference(errors[column], people[reference][column])
                for end, value in zip(('', '_low', '_high'), found):
                    summary.loc[row, f'{column}_difference{end}'] = value
    summary.attrs['reference'] = reference


def _interval(line: pd.Series, column: str, scale: float) -> str:
    names = [f'{column}_difference{end}' for end in ('', '_low', '_high')]
    if names[0] not in line or pd.isna(line[names[0]]):
        return '-'
    mean, low, high = (scale * line[name] for name in names)
    return f'{mean:+.1f} [{low:+.1f}, {high:+.1f}]'


def _cells(line: pd.Series) -> list[str]:
    cells = []
    for name in ERRORS:
        spread = line[f'{name}_std']
        cells.append(
            f'{line[f"{name}_mean"]:.1f}' + ('' if pd.isna(spread) else f' ± {spread:.1f}')
        )
    share = line.get('reprojection_share_mean')
    cells.append('-' if pd.isna(share) else f'{100 * share:.1f}')
    cells += [_interval(line, 'mpjpe', 1.0), _interval(line, 'reprojection_share', 100.0)]
    paper = (line['paper_mpjpe'], line['paper_pa_mpjpe'])
    return [*cells, '-' if pd.isna(paper[0]) else f'{paper[0]:.1f} / {paper[1]:.1f}']


def _header(summary: pd.DataFrame) -> list[str]:
    reference = summary.attrs.get('reference', 'the reference')
    return [
        'row',
        *(f'{TITLES[name]} [mm]' for name in ERRORS),
        '2D [% of box]',
        f'MPJPE against {reference} [mm]',
        f'2D against {reference} [% of box]',
        'paper, COCO to 3DPW',
    ]


def as_table(summary: pd.DataFrame, title: str) -> Table:
    """For the terminal: the errors alone; the differences are in the files."""
    chosen = [0, 1, 2, 3, 4, 7]
    header = [_header(summary)[i].replace(', ', ',\n').replace(' [', '\n[') for i in chosen]
    table = table_of_numbers(title, *header)
    for row, line in summary.iterrows():
        cells = [Name(str(row)), *_cells(line)]
        table.add_row(*(cells[i] for i in chosen))
    return table


def as_markdown(summary: pd.DataFrame) -> str:
    """A markdown table."""
    header = _header(summary)
    lines = ['| ' + ' | '.join(header) + ' |', '| --- |' + ' ---: |' * (len(header) - 1)]
    lines += ['| ' + ' | '.join([str(row), *_cells(x)]) + ' |' for row, x in summary.iterrows()]
    return '\n'.join(lines) + '\n'
