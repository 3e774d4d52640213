"""A whole group: all rows and seeds with equal budget, the table and the curves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mroi_plugin.analysis.ablation.curves import draw_curves
from mroi_plugin.analysis.ablation.groups import DATASETS, REFERENCES, SAME_AS, rows_of
from mroi_plugin.analysis.ablation.perform import RunFailed, perform
from mroi_plugin.analysis.ablation.runs import Run, prepare_runs
from mroi_plugin.analysis.ablation.tables import add_pairs, as_markdown, as_table, summarize
from mroi_plugin.utils.atomic_files import write_json, write_text
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.ownership import owned


def ablate(
    group: str,
    seeds: Sequence[int] = (0,),
    epochs: int | None = None,
    jobs: int = 1,
    out: str | None = None,
    dataset: str = 'embedded',
    options: Sequence[str] = (),
) -> Any:
    """Train every row of a group with every seed and write one table.

    Finished runs are not repeated, not for another group either, and interrupted ones go on, so a
    killed ablation gives the table of an undisturbed one when it is started again.

    Args:
        group: see `GROUPS`.
        seeds: one training per row each.
        epochs: of every training; the config's if None.
        jobs: trainings at a time; they share the processor's cores.
        out: folder for the trainings of all groups, ``runs``, and a folder per group with its
            table; ``work_dirs/ablations/<dataset>`` if None.
        dataset: ``embedded``, ``open`` or ``papers``.
        options: ``KEY=VALUE`` overrides of every config.

    Returns:
        The table, a pandas frame.

    Raises:
        UsageError: if an argument is wrong, ``out`` holds runs with other settings, or another
            process works there.
        RunFailed: if a training failed, after all others are done.
    """
    if dataset not in DATASETS:
        raise UsageError(f'--dataset {dataset}: expected one of {", ".join(DATASETS)}.')
    if jobs < 1 or not seeds:
        raise UsageError(f'--jobs {jobs}, --seeds {list(seeds)}: expected at least one of each.')
    folder = Path(out or Path('work_dirs') / 'ablations' / dataset)
    rows = rows_of(group)
    runs = {
        row: [Run(SAME_AS.get(row, row), s, epochs, dataset, tuple(options)) for s in seeds]
        for row in rows
    }
    once = list(dict.fromkeys(run for of_row in runs.values() for run in of_row))
    console, threads = Console(), max(1, (os.cpu_count() or 1) // jobs)
    with owned(folder):
        prepare_runs(once, folder, threads)
        found = _perform_all(once, folder, jobs, console)
        results = {row: [found[run] for run in runs[row]] for row in rows}
        summary = summarize(results)
        folders = {row: [run.folder(folder) for run in runs[row]] for row in rows}
        add_pairs(summary, folders, REFERENCES.get(group, rows[0]))
        _write(results, summary, folder / group, f'{group}, {dataset} data', console)
        return summary


def _perform_all(
    runs: Sequence[Run], folder: Path, jobs: int, console: Console
) -> dict[Run, dict[str, Any]]:
    found, failed = {}, []
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn('{task.description}'))
    pool = ThreadPoolExecutor(jobs)
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress, pool:
        task = progress.add_task('training', total=len(runs))
        pending = {pool.submit(perform, run, folder): run for run in runs}
        for future in as_completed(pending):
            run = pending[future]
            try:
                found[run] = future.result()
                news = f'{run.row}, seed {run.seed}: {found[run]["mpjpe"][-1]:.1f} mm'
            except RunFailed as error:
                failed.append(str(error))
                news = f'{run.row}, seed {run.seed} failed'
            progress.update(task, advance=1, description=news)
            progress.console.print(f'{len(found) + len(failed)}/{len(runs)} {news}')
    if failed:
        raise RunFailed(f'{len(failed)} of {len(runs)} trainings failed: ' + '; '.join(failed))
    return found


def _write(
    results: dict[str, list[Any]], summary: Any, folder: Path, title: str, console: Console
) -> None:
    write_json(folder / 'ablation.json', {'runs': results, 'summary': _records(summary)})
    for name, text in (
        ('ablation.csv', summary.to_csv()),
        ('ablation.md', as_markdown(summary)),
    ):
        write_text(folder / name, text)
    draw_curves(results, folder / 'curves.png', title)
    console.print(as_table(summary, title))
    console.print(f'wrote {folder}/ablation.json, .csv, .md and curves.png')


def _records(summary: Any) -> dict[str, Any]:
    """The table for json, where an unknown number is null."""
    records = summary.astype(object).where(summary.notna(), None)
    return records.to_dict(orient='index')
