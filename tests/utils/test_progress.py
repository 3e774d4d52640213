"""Progress bars tell the rate, at the end the mean of all."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from mroi_plugin.utils.progress import RateColumn


def shown(done, seconds, total, unit=' images', later=0):
    """The bar's text after so many things in so many seconds, or later."""
    now = [0.0]
    console = Console(file=io.StringIO(), width=80)
    with Progress(RateColumn(unit), console=console, get_time=lambda: now[0]) as progress:
        task = progress.add_task('', total=total)
        for _ in range(done):
            now[0] += seconds / done
            progress.update(task, advance=1)
        now[0] += later
        (text,) = [column.render(progress.tasks[task]) for column in progress.columns]
    return text.plain


def test_rates():
    assert shown(5, 10, 20) == '0.5 images/s, 30 s left'
    assert shown(4, 2, None, '') == '2.0/s'
    assert shown(1, 2, 1) == '0.5 images/s'
    assert shown(90, 2, 90) == shown(90, 2, 90, later=18) == '45 images/s'
    assert shown(0, 0, 5) == ''
