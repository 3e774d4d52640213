"""How fast long work goes, in a progress bar."""

from __future__ import annotations

from rich.progress import ProgressColumn, Task
from rich.text import Text


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
