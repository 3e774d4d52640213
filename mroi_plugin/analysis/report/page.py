"""The content of the page; its form is ``template.html.j2``, one file that needs no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from mroi_plugin.analysis.report.charts import Chart, Points, bars, lines
from mroi_plugin.analysis.report.embedded import picture, viewer
from mroi_plugin.analysis.report.runs import Run
from mroi_plugin.evaluation.names import METRICS
from mroi_plugin.visualization.predictions import spread_indices

OVERALL = {key: f'{name} [{unit}]' if unit else name for key, (name, unit) in METRICS.items()}
GROUPS = {
    'per_action': 'action',
    'per_num_rois': 'number of RoIs',
    'per_offset': 'distance from the principal point [diagonals]',
    'per_depth_m': 'distance from the camera [m]',
    'per_truncation': 'share of the RoI that lies beyond the image',
}
CURVES, BINS = ('offset', 'depth_m'), 12
WORST = {
    'sample_idx': 'sample',
    'mpjpe': 'MPJPE [mm]',
    'pa_mpjpe': 'PA-MPJPE [mm]',
    'pve': 'PVE [mm]',
    'reprojection_px': '2D error [px]',
    'action': 'action',
    'image_path': 'image',
}
WORST_SHOWN = 8
EPOCHS_SHOWN = 6


def build_page(runs: Sequence[Run]) -> str:
    """The page of one or several runs as HTML."""
    environment = Environment(
        loader=PackageLoader(__package__, '.'), autoescape=True, undefined=StrictUndefined
    )
    environment.filters['cell'] = cell
    joints = _by_group(runs, 'per_joint').rename(
        lambda joint: joint.replace('_extra', '').replace('_', ' ')
    )
    return environment.get_template('template.html.j2').render(
        runs=runs,
        errors=_errors([run for run in runs if run.metrics]),
        joints=bars(joints, 'Mean error of each joint [mm]'),
        groups=[chart for name in GROUPS for chart in _group_chart(runs, name)],
        bins=BINS,
        places=[chart for column in CURVES for chart in _place_chart(runs, column)],
        training=[
            *lines({run.name: run.losses for run in runs}, 'iteration', 'training loss'),
            *lines({run.name: run.rates for run in runs}, 'iteration', 'learning rate'),
            *lines({run.name: run.errors for run in runs}, 'epoch', 'validation MPJPE [mm]'),
        ],
        epochs={run.name: shown for run in runs if (shown := _epochs(run))},
        meshes={run.name: viewer(path) for run in runs if (path := run.picture('meshes.glb'))},
        sheets=_sheets(runs, 'contact_sheet.jpg'),
        worst={run.name: table for run in runs if (table := _worst(run)) is not None},
        worst_sheets=_sheets(runs, 'worst', 'contact_sheet.jpg'),
        plotly_js=get_plotlyjs(),
    )


def cell(value: Any) -> str:
    """Text of a table's cell: a dash for what is missing, in pandas NaN."""
    if isinstance(value, float):
        return f'{value:.1f}' if math.isfinite(value) else '–'
    return str(value) if isinstance(value, (Integral, str)) else '–'


def _errors(runs: Sequence[Run]) -> pd.DataFrame:
    errors = pd.DataFrame([run.metrics for run in runs], [run.name for run in runs])
    errors = errors.filter(list(OVERALL)).rename(columns=OVERALL)
    errors = errors.apply(pd.to_numeric, errors='coerce')
    errors.loc[:, [name for name in errors if name.endswith('[%]')]] *= 100
    return errors.astype({name: 'Int64' for name in errors if name == 'persons'})


def _by_group(runs: Sequence[Run], name: str, key: str | None = None) -> pd.DataFrame:
    """A metric, or one of several if groups have several: a row per group, a column per run."""
    groups = {run.name: run.metrics.get(name, {}) for run in runs}
    if key:
        groups = {run: {k: v.get(key) for k, v in found.items()} for run, found in groups.items()}
    return pd.DataFrame(groups).apply(pd.to_numeric, errors='coerce')


def _group_chart(runs: Sequence[Run], name: str) -> list[Chart]:
    errors = _by_group(runs, name, 'mpjpe')
    persons = _by_group(runs, name, 'instances').max(axis=1).fillna(0)
    errors.index = [f'{label} ({count:.0f})' for label, count in persons.items()]
    return bars(errors, f'MPJPE [mm] by {GROUPS[name]}') if len(errors) > 1 else []


def _place_chart(runs: Sequence[Run], column: str) -> list[Chart]:
    means = {run.name: _binned(run.table, column) for run in runs}
    return lines(means, GROUPS[f'per_{column}'], 'MPJPE [mm]')


def _binned(table: pd.DataFrame, column: str) -> Points:
    if not {column, 'mpjpe'} <= set(table):
        return []
    pairs = table[[column, 'mpjpe']].dropna().sort_values(column).to_numpy()
    return [tuple(part.mean(axis=0).tolist()) for part in np.array_split(pairs, BINS) if len(part)]


def _sheets(runs: Sequence[Run], *parts: str) -> dict[str, str]:
    return {run.name: data for run in runs if (data := picture(run.picture(*parts)))}


def _epochs(run: Run) -> dict[int, list[str]]:
    found = run.pictures_by_epoch()
    shown = [list(found)[i] for i in spread_indices(len(found), EPOCHS_SHOWN)] if found else []
    return {epoch: [picture(path) for path in found[epoch]] for epoch in shown}


def _worst(run: Run) -> pd.DataFrame | None:
    if not {'sample_idx', 'mpjpe'} <= set(run.table):
        return None
    persons = run.table.nlargest(WORST_SHOWN, 'mpjpe').dropna(axis=1, how='all')
    return persons.filter(list(WORST)).rename(columns=WORST).set_index('sample')
