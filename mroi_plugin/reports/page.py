"""The page: tables, bars, curves, pictures and meshes of the runs, in one file without network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from mroi_plugin.reports.charts import bars, legend, lines, number, table
from mroi_plugin.reports.embedded import picture, viewer
from mroi_plugin.reports.runs import Run

OVERALL = {
    'mpjpe': ('MPJPE [mm]', 1),
    'pa_mpjpe': ('PA-MPJPE [mm]', 1),
    'pve': ('PVE [mm]', 1),
    'pa_pve': ('PA-PVE [mm]', 1),
    'pck': ('PCK@150 [%]', 1),
    'auc': ('AUC [%]', 1),
    'reprojection_px': ('2D error [px]', 1),
    'camera_residual_px': ('cameras differ by [px]', 1),
    'frames': ('persons', 0),
}
SHARES = ('pck', 'auc')
GROUPS = {
    'per_action': 'action',
    'per_num_rois': 'number of RoIs',
    'per_offset': 'distance of the person from the principal point, in diagonals of the photo',
    'per_depth_m': 'distance of the person from the camera [m]',
    'per_truncation': 'share of the RoI that lies beyond the photo',
}
CURVES = {
    'offset': 'distance from the principal point [diagonals]',
    'depth_m': 'distance from the camera [m]',
}
BINS = 12
WORST = {
    'sample_idx': ('sample', 0),
    'mpjpe': ('MPJPE [mm]', 1),
    'pa_mpjpe': ('PA-MPJPE [mm]', 1),
    'pve': ('PVE [mm]', 1),
    'reprojection_px': ('2D error [px]', 1),
    'action': ('action', None),
    'image_path': ('photo', None),
}
"""Columns of the worst persons: title, and digits of numbers."""
WORST_SHOWN = 8


def build_page(runs: Sequence[Run]) -> str:
    """The page as HTML.

    Args:
        runs: at least one.
    """
    names = [run.name for run in runs]
    style = (files('mroi_plugin.reports') / 'style.css').read_text(encoding='utf-8')
    sections = ''.join(
        f'<section><h2>{escape(title)}</h2>{content}</section>'
        for title, content in _sections(runs, names)
        if content
    )
    title = f'Human mesh recovery: {", ".join(names)}'
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style>{style}</style></head><body><main>'
        f'<h1>{escape(title)}</h1>{_provenance(runs)}{sections}</main></body></html>\n'
    )


def _provenance(runs: Sequence[Run]) -> str:
    told = [
        f'{run.name}: {run.metrics.get("config", "?")}, {run.metrics.get("checkpoint", "?")}'
        + (f', protocol {run.metrics["protocol"]}' if run.metrics.get('protocol') else '')
        for run in runs
    ]
    return ''.join(f'<p class="soft">{escape(text)}</p>' for text in told)


def _sections(runs: Sequence[Run], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    key = legend(names)
    yield 'Errors', _overall(runs)
    yield 'Error per joint', _per_joint(runs, names, key)
    yield 'What the error goes with', _groups(runs, names, key)
    yield 'Error by place and distance', _against(runs, key)
    yield 'Training', _training(runs, key)
    yield 'Meshes', _meshes(runs)
    yield 'Test persons', _sheets(runs)
    yield 'Worst persons', _worst(runs)


def _overall(runs: Sequence[Run]) -> str:
    known = [k for k in OVERALL if any(f'mesh/{k}' in run.metrics for run in runs)]
    rows = []
    for run in runs:
        values = []
        for name in known:
            value = run.metrics.get(f'mesh/{name}')
            factor = 100 if name in SHARES else 1
            values.append(number(None if value is None else factor * value, OVERALL[name][1]))
        rows.append([run.name, *values])
    return table(['run', *(OVERALL[name][0] for name in known)], rows, 'Means over all persons')


def _per_joint(runs: Sequence[Run], names: Sequence[str], key: str) -> str:
    joints = list(dict.fromkeys(j for run in runs for j in run.metrics.get('per_joint', {})))
    groups = {
        joint.replace('_extra', '').replace('_', ' '): [
            run.metrics.get('per_joint', {}).get(joint) for run in runs
        ]
        for joint in joints
    }
    return f'<p class="soft">mm</p>{key}{bars(groups, names, "mm")}' if groups else ''


def _groups(runs: Sequence[Run], names: Sequence[str], key: str) -> str:
    parts = []
    for name, title in GROUPS.items():
        labels = list(dict.fromkeys(g for run in runs for g in run.metrics.get(name, {})))
        if len(labels) < 2:
            continue
        groups = {}
        for label in labels:
            found = [run.metrics.get(name, {}).get(label, {}) for run in runs]
            persons = max(int(group.get('persons', 0)) for group in found)
            groups[f'{label} ({persons})'] = [group.get('mpjpe') for group in found]
        parts.append(f'<h3>MPJPE [mm] by {escape(title)}</h3>{bars(groups, names, "mm")}')
    note = '<p class="soft">In brackets: number of persons.</p>'
    return note + key + ''.join(parts) if parts else ''


def _against(runs: Sequence[Run], key: str) -> str:
    charts = []
    for column, title in CURVES.items():
        series = {run.name: _binned(run, column) for run in runs}
        charts.append(lines(series, title, 'MPJPE [mm]', f'MPJPE against {title}'))
    charts = [chart for chart in charts if chart]
    note = f'<p class="soft">Means of {BINS} groups of equally many persons.</p>'
    return f'{note}{key}<div class="pair">{"".join(charts)}</div>' if charts else ''


def _binned(run: Run, column: str) -> list[tuple[float, float]]:
    if column not in run.table or 'mpjpe' not in run.table:
        return []
    pairs = run.table[[column, 'mpjpe']].dropna().sort_values(column).to_numpy()
    parts = np.array_split(pairs, min(BINS, len(pairs))) if len(pairs) else []
    return [(float(part[:, 0].mean()), float(part[:, 1].mean())) for part in parts]


def _training(runs: Sequence[Run], key: str) -> str:
    losses = {run.name: run.losses for run in runs}
    errors = {run.name: run.errors for run in runs}
    charts = [
        lines(losses, 'iteration', 'training loss', 'Training loss against iteration'),
        lines(errors, 'epoch', 'validation MPJPE [mm]', 'Validation MPJPE against epoch'),
    ]
    charts = [chart for chart in charts if chart]
    return f'{key}<div class="pair">{"".join(charts)}</div>' if charts else ''


def _meshes(runs: Sequence[Run]) -> str:
    parts = []
    for run in runs:
        path = run.picture('meshes.glb')
        if path is not None:
            parts.append(f'<h3>{escape(run.name)}</h3>{viewer(path, f"Meshes of {run.name}")}')
    note = (
        '<p class="soft">Predicted bodies in blue, true ones in sand, pelvis on pelvis. Drag to '
        'turn. Shown by trimesh and three.js (MIT licence).</p>'
    )
    return note + ''.join(parts) if parts else ''


def _sheets(runs: Sequence[Run]) -> str:
    shown = 'photos with RoIs, predicted and true meshes'
    return ''.join(
        picture(run.picture('contact_sheet.jpg'), run.name, f'{run.name}: {shown}') for run in runs
    )


def _worst(runs: Sequence[Run]) -> str:
    parts = []
    for run in runs:
        path = run.picture('worst', 'contact_sheet.jpg')
        alt = f'{run.name}: the persons with the largest errors, with RoIs and meshes'
        parts += [_worst_table(run), picture(path, run.name, alt)]
    return ''.join(parts)


def _worst_table(run: Run) -> str:
    columns = [name for name in WORST if name in run.table]
    if not {'sample_idx', 'mpjpe'} <= set(columns):
        return ''
    persons = run.table[columns].nlargest(WORST_SHOWN, 'mpjpe').dropna(axis=1, how='all')
    cells = [[_cell(value, WORST[name][1]) for value in persons[name]] for name in persons.columns]
    head = [WORST[name][0] for name in persons.columns]
    return table(head, list(zip(*cells)), f'{run.name}: largest MPJPE')


def _cell(value: Any, digits: int | None) -> str:
    """A number with so many digits, or a text; a dash for what is missing, NaN in pandas."""
    if digits is not None:
        return number(value, digits)
    return value if isinstance(value, str) else '–'
