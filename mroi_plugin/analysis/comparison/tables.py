"""The comparison as json, csv, markdown and on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from mroi_plugin.utils.atomic_files import write_json, write_text
from mroi_plugin.utils.terminal_tables import Name, table_of_numbers

COLUMNS = {
    'mesh/mpjpe': ('MPJPE [mm]', '{:.1f}'),
    'mesh/pa_mpjpe': ('PA-MPJPE [mm]', '{:.1f}'),
    'mesh/pve': ('PVE [mm]', '{:.1f}'),
    'parameters': ('size [M]', '{:.2f}'),
    'gflops_per_person': ('GFLOPs, per person', '{:.3f}'),
    'persons_per_s_batch_1': ('persons/s, batch 1', '{:.1f}'),
    'persons_per_s_batch_32': ('persons/s, batch 32', '{:.1f}'),
    'peak_memory_mib': ('memory [MiB]', '{:.0f}'),
}
"""Title and format of what is shown; the files hold everything."""


def _cells(measured: dict[str, Any]) -> list[str]:
    shown = dict(measured)
    if 'parameters' in shown:
        shown['parameters'] /= 1e6
    return [
        form.format(shown[name]) if name in shown else '-' for name, (_, form) in COLUMNS.items()
    ]


def as_table(results: dict[str, dict[str, Any]], title: str) -> Table:
    """For the terminal: one row per method."""
    headers = (
        text.replace(' [', '\n[').replace(', per ', '\nper\n') for text, _ in COLUMNS.values()
    )
    table = table_of_numbers(title, 'method', *(text.replace(', ', '\n') for text in headers))
    for name, measured in results.items():
        table.add_row(Name(name), *_cells(measured))
    return table


def as_markdown(results: dict[str, dict[str, Any]]) -> str:
    """A markdown table: one row per method."""
    lines = [
        '| method | ' + ' | '.join(title for title, _ in COLUMNS.values()) + ' |',
        '| --- |' + ' ---: |' * len(COLUMNS),
        *('| ' + ' | '.join([name, *_cells(found)]) + ' |' for name, found in results.items()),
    ]
    return '\n'.join(lines) + '\n'


def write_tables(results: dict[str, dict[str, Any]], folder: Path, facts: dict[str, Any]) -> None:
    """Write ``comparison.json``, ``.csv`` and ``.md``, each complete or not at all.

    Args:
        results: measurements by method.
        folder: made if missing.
        facts: what the numbers depend on: device, versions, date, command.
    """
    frame = pd.DataFrame.from_dict(results, orient='index').rename_axis('method')
    write_json(folder / 'comparison.json', {'facts': facts, 'methods': results})
    write_text(folder / 'comparison.csv', frame.to_csv())
    write_text(folder / 'comparison.md', as_markdown(results))
