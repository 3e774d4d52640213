"""Bars and lines as HTML that fits any width; all text is escaped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]


def number(value: float | None, digits: int = 1) -> str:
    """A number for people; a dash for none."""
    if value is None or not math.isfinite(value):
        return '–'
    return f'{value:.{digits}f}'


def bars(groups: Mapping[str, Sequence[float | None]], names: Sequence[str], unit: str) -> str:
    """A row of bars per group, one bar per run.

    Args:
        groups: values of the runs by label.
        names: of the runs.
        unit: of the values.
    """
    known = [v for values in groups.values() for v in values if v is not None and math.isfinite(v)]
    top, rows = max(known, default=0) or 1, []
    for label, values in groups.items():
        lines = []
        for i, value in enumerate(values):
            if value is None or not math.isfinite(value):
                continue
            title = escape(f'{names[i]}: {number(value)} {unit}')
            lines.append(
                f'<span class="bar s{i % 6}" style="--w:{value / top:.4f}" title="{title}">'
                f'<i></i><b>{number(value)}</b></span>'
            )
        rows.append(f'<dt>{escape(label)}</dt><dd>{"".join(lines)}</dd>')
    return f'<dl class="bars">{"".join(rows)}</dl>'


def lines(series: Mapping[str, Points], x_name: str, y_name: str, label: str) -> str:
    """Curves of several runs over a common axis.

    Args:
        series: points by name of the run.
        x_name: of the horizontal axis.
        y_name: of the vertical axis, which begins at 0.
        label: what the picture shows, for those who cannot see it.
    """
    points = [p for values in series.values() for p in values if all(map(math.isfinite, p))]
    if max(map(len, series.values()), default=0) < 2 or not points:
        return ''  # a point is no curve
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top = max(y for _, y in points) or 1
    width = (right - left) or 1
    paths = []
    for i, values in enumerate(series.values()):
        known = [p for p in values if all(map(math.isfinite, p))]
        spots = [f'{100 * (x - left) / width:.2f},{100 - 95 * y / top:.2f}' for x, y in known]
        if spots:
            paths.append(f'<polyline class="line s{i % 6}" points="{" ".join(spots)}"/>')
    return (
        f'<figure class="lines"><figcaption>{escape(y_name)}</figcaption>'
        f'<div class="frame"><span class="top">{number(top / 0.95)}</span>'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{"".join(paths)}</svg>'
        f'<span class="zero">0</span></div>'
        f'<div class="axis"><span>{left:.3g}</span><span>{escape(x_name)}</span>'
        f'<span>{right:.3g}</span></div></figure>'
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table that scrolls within itself where the page is narrow; cells are escaped."""
    first = ''.join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = ''.join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + ''.join(f'<td>{escape(text)}</td>' for text in row[1:])
        + '</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{escape(caption)}</caption>'
        f'<thead><tr>{first}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def legend(names: Sequence[str]) -> str:
    """Which colour is which run."""
    items = ''.join(
        f'<li><i class="s{i % 6}"></i>{escape(name)}</li>' for i, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'
