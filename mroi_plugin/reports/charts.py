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
    known = {
        name: [p for p in values if all(map(math.isfinite, p))] for name, values in series.items()
    }
    points = [p for values in known.values() for p in values]
    if max(map(len, known.values()), default=0) < 2:
        return ''  # a point is no curve
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    heights = ticks(0, max(y for _, y in points) or 1, beyond=True)
    top, width = heights[-1], (right - left) or 1
    places = [(f'{100 * (x - left) / width:.2f}', f'{x:g}') for x in ticks(left, right)]
    levels = [(f'{100 - 100 * y / top:.2f}', f'{y:g}') for y in heights]
    paths = [f'<line class="grid" x1="0" x2="100" y1="{y}" y2="{y}"/>' for y, _ in levels]
    for i, values in enumerate(known.values()):
        spots = [f'{100 * (x - left) / width:.2f},{100 - 100 * y / top:.2f}' for x, y in values]
        if spots:
            paths.append(f'<polyline class="line s{i % 6}" points="{" ".join(spots)}"/>')
    y_labels = ''.join(f'<span class="y" style="top:{y}%">{text}</span>' for y, text in levels)
    x_labels = ''.join(f'<span class="x" style="left:{x}%">{text}</span>' for x, text in places)
    return (
        f'<figure class="lines"><figcaption>{escape(y_name)}</figcaption>'
        f'<div class="frame"><svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{"".join(paths)}</svg>{y_labels}{x_labels}</div>'
        f'<p class="axis">{escape(x_name)}</p></figure>'
    )


def ticks(low: float, high: float, beyond: bool = False) -> list[float]:
    """Two to nine round numbers from ``low`` to ``high``.

    Args:
        low: finite.
        high: finite; no higher than ``low``, there is ``low`` alone.
        beyond: the last one is not below ``high``.
    """
    if high <= low:
        return [low]
    rough = (high - low) / 7
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * k for k in (1, 2, 5, 10) if unit * k >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.ceil(high / step - 1e-9) if beyond else math.floor(high / step + 1e-9)
    return [float(f'{k * step:.9g}') for k in range(first, last + 1)]


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
