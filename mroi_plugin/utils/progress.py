"""Progress bars of long work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar('Item')


def track(
    items: Iterable[Item], description: str, total: int | None, quiet: bool
) -> Iterator[Item]:
    """Yield the items and show how far it is and how long it takes.

    Args:
        items: what to go through.
        description: what is done.
        total: number of items; None where it is not known.
        quiet: show nothing.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeLeft())
    with Progress(*columns, disable=quiet) as progress:
        yield from progress.track(items, total=total, description=description)
