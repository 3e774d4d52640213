"""Errors per joint, per action, and by what may explain them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

ERRORS = ('mpjpe', 'pa_mpjpe', 'pve', 'pck', 'reprojection_px')
TENTHS = 10
BINS = {
    'offset': (0, 0.05, 0.1, 0.2, 0.3, np.inf),
    'truncation': (-np.inf, 0.01, 0.1, 0.25, 0.5, np.inf),
    'depth_m': (0, 3, 5, 8, 12, np.inf),
}
"""Edges; the bins are closed on the left."""


def summarize(table: pd.DataFrame) -> dict[str, Any]:
    """Means of `ERRORS` and counts of groups of persons.

    Args:
        table: of `PerSample`.

    Returns:
        ``per_joint`` mm by name; ``per_action``, ``per_num_rois``, ``per_offset``,
        ``per_truncation`` and ``per_depth_m``: ``{group: {instances, mpjpe, ...}}``, of the groups
        that have persons; ``per_confidence``: of tenths of the persons, the least confident first;
        ``confidence_rank_correlation``: Spearman's between confidence and -MPJPE.
    """
    joints = [column for column in table if column.startswith('joint/')]
    found: dict[str, Any] = {
        'per_joint': {c.removeprefix('joint/'): float(table[c].mean()) for c in joints}
    }
    if 'action' in table and (table['action'] != '').any():
        named = table[table['action'] != '']
        found['per_action'] = _groups(named, named['action'])
    if 'num_rois' in table:
        found['per_num_rois'] = _groups(table, table['num_rois'])
    for name, edges in BINS.items():
        if name in table and table[name].notna().any():
            labels = [_label(a, b) for a, b in zip(edges, edges[1:])]
            binned = pd.cut(table[name], edges, right=False, labels=labels)
            found[f'per_{name}'] = _groups(table, binned)
    if 'confidence' in table and 'mpjpe' in table:
        found.update(_by_confidence(table.dropna(subset=['confidence', 'mpjpe'])))
    return found


def _by_confidence(table: pd.DataFrame) -> dict[str, Any]:
    if table['confidence'].nunique() < 2 or table['mpjpe'].nunique() < 2:
        return {}
    tenth = (table['confidence'].rank(method='first') - 1) * TENTHS // len(table)
    labels = {}
    for number, values in table.groupby(tenth)['confidence']:
        labels[number] = f'{number + 1:02.0f}: {values.min():.3f} - {values.max():.3f}'
    correlation = table['confidence'].rank().corr((-table['mpjpe']).rank())  # Spearman's
    return {
        'confidence_rank_correlation': float(correlation),
        'per_confidence': _groups(table, tenth.map(labels)),
    }


def _groups(table: pd.DataFrame, key: pd.Series) -> dict[str, dict[str, float]]:
    columns = [name for name in ERRORS if name in table]
    means = table.groupby(key, observed=True)[columns].agg('mean')
    counts = table.groupby(key, observed=True).size()
    return {
        str(group): {'instances': int(counts[group]), **_plain(row)}
        for group, row in means.iterrows()
    }


def _plain(row: pd.Series) -> dict[str, float]:
    return {str(name): float(value) for name, value in row.items() if np.isfinite(value)}


def _label(low: float, high: float) -> str:
    if not np.isfinite(low) or (low == 0 and high != np.inf):
        return f'< {high:g}'
    return f'>= {low:g}' if not np.isfinite(high) else f'{low:g} - {high:g}'


def worst(table: pd.DataFrame, count: int) -> Sequence[int]:
    """``sample_idx`` of the persons with the largest MPJPE, the worst first."""
    if not count or 'mpjpe' not in table:
        return []
    return table.nlargest(count, 'mpjpe')['sample_idx'].tolist()
