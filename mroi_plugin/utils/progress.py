"""Progress bars of long work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

Item = TypeVar('Item')


class RateColumn(ProgressColumn):
    """Things per second and, where their number is known, the time left; at the end the mean rate.

    Args:
        unit: of what is counted.
    """

    def __init__(self, unit: str = '') -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        """The text of the column."""
        speed = task.completed / task.finished_time if task.finished_time else task.speed
        if not speed:
            return Text('')
        left = task.time_remaining
        told = '' if left is None or task.finished else f', {left:.0f} s left'
        return Text(f'{speed:.{0 if speed >= 20 else 1}f}{self.unit}/s{told}')


def progress_bar(unit: str = '', quiet: bool = False) -> Progress:
    """What is done, how much of it, how fast and for how long still.

    Args:
        unit: of what is counted, after a space.
        quiet: show nothing.
    """
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, RateColumn(unit), disable=quiet)


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
    with progress_bar(quiet=quiet) as progress:
        yield from progress.track(items, total=total, description=description)
