"""Charts as plotly figures without colors: plotly.js draws them in those of the page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import Any, NamedTuple

import pandas as pd
import plotly.express as px
import plotly.graph_objects as go

Points = Sequence[tuple[float, float]]
MANY_POINTS = 40
"""A curve of more points has no markers."""


class Chart(NamedTuple):
    """``data`` and ``layout`` of plotly.js, what is above, what it shows for those who cannot see
    it, and its numbers if they are few."""

    figure: dict[str, Any]
    title: str
    label: str
    numbers: pd.DataFrame | None = None


def bars(values: pd.DataFrame, title: str) -> list[Chart]:
    """A chart of horizontal bars, or nothing if there is no finite value.

    Args:
        values: a row per group, a column per run.
        title: of the chart, with the unit.
    """
    known = values[values.abs() < math.inf]
    if known.isna().all(axis=None):
        return []
    figure = px.bar(known.rename(_label, axis=0).rename(_label, axis=1), orientation='h')
    figure.update_traces(
        marker_color=None,
        texttemplate='%{x:.1f}',
        textposition='outside',
        constraintext='none',  # or it is made smaller than the bars are thick
        cliponaxis=False,
        hovertemplate='%{fullData.name}<br>%{y}: %{x:.1f}<extra></extra>',
    )
    figure.update_layout(barmode='group', bargap=0.25, bargroupgap=0.1)
    figure.update_xaxes(visible=False, range=[0, known.max().max() or 1])
    figure.update_yaxes(type='category', autorange='reversed', title=None, ticklabelstandoff=6)
    height = 20 + len(known) * (16 * known.shape[1] + 10)
    return [Chart(_plain(figure, height, 48), title, title, known)]


def lines(series: Mapping[str, Points], x_name: str, y_name: str) -> list[Chart]:
    """A chart of curves over 0, or nothing if no run has two points: a point is no curve."""
    known = {name: [p for p in ps if all(map(math.isfinite, p))] for name, ps in series.items()}
    longest = max(map(len, known.values()), default=0)
    if longest < 2:
        return []
    figure = go.Figure()
    for name, points in known.items():  # one without points too: colors go by the order
        figure.add_scatter(
            name=_label(name),
            x=[x for x, _ in points],
            y=[y for _, y in points],
            mode='lines' if longest > MANY_POINTS else 'lines+markers',
            hovertemplate='%{fullData.name}<br>%{x:.4~g}: %{y:.4~g}<extra></extra>',
        )
    ticks = min(longest, 8)  # epochs are whole numbers
    figure.update_xaxes(title=x_name, nticks=ticks, tickformat='~g', showgrid=False)
    figure.update_yaxes(rangemode='tozero', nticks=8, tickformat='~g')
    ends = [f'{name} from {p[0][1]:.4g} to {p[-1][1]:.4g}' for name, p in known.items() if p]
    label = f'{y_name} against {x_name}: {"; ".join(ends)}'
    return [Chart(_plain(figure, 280, 16), y_name, label)]


def _plain(figure: go.Figure, height: int, right: int) -> dict[str, Any]:
    """A figure without colors and legend, which the page has, and on which a finger scrolls the
    page; with a margin on the right for what sticks out of the axes."""
    margin = {'l': 8, 'r': right, 't': 8, 'b': 8}
    figure.update_layout(
        template=None, showlegend=False, dragmode=False, height=height, margin=margin
    )
    figure.update_xaxes(fixedrange=True, automargin=True)
    figure.update_yaxes(fixedrange=True, automargin=True)
    return json.loads(figure.to_json())


def _label(text: str) -> str:
    """A text for plotly.js, which reads some HTML: escaped, long ones over several lines."""
    return '<br>'.join(escape(line, quote=False) for line in wrap(text, 24))
