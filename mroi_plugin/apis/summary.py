"""Summary of a run of inference in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.table import Table
from rich.text import Text

from mroi_plugin.apis.video_stages import video_of
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.utils.names import printable
from mroi_plugin.utils.terminal_tables import Name, table_of_numbers

SHOWN = 20


class RateColumn(ProgressColumn):
    """Images per second and, where their number is known, the time left."""

    def render(self, task: Task) -> Text:
        """The text of the column."""
        speed = task.finished_speed or task.speed
        if not speed:
            return Text('')
        left = task.time_remaining
        return Text(f'{speed:.1f}/s' + ('' if left is None else f', {left:.0f} s left'))


@dataclass
class Summary:
    """Counts, the people followed through videos, and the first persons in detail.

    Args:
        keep: keep all results, without their meshes and pixels.
    """

    keep: bool = False
    images: int = 0
    instances: int = 0
    empty: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    kept: list[ImageResult] = field(default_factory=list)
    followed: dict[str, tuple[int, set[int]]] = field(default_factory=dict)
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def fail(self, name: str, problem: str) -> None:
        """An image that gave no result."""
        self.failed.append((name, problem))

    def add(self, result: ImageResult, files: Sequence[Path]) -> None:
        """A result and the files that were written of it."""
        if result.error is not None:
            self.fail(result.name, result.error)
            return
        self.images += 1
        self.instances += len(result.instances)
        self.files += files
        self.refused += [(result.name, problem) for problem in result.problems]
        if result.frame is not None:
            self._add_frame(result)
        elif not result.instances and not result.problems:
            self.empty.append(result.name)
        for i, instance in enumerate(result.instances[: max(0, SHOWN - len(self.rows))]):
            i = instance.track if instance.track >= 0 else i
            depth = f'{instance.trans[2]:.2f}'
            told = ('-', '-')  # one camera agrees with itself
            if len(instance.full_cameras) > 1:
                told = (f'{instance.spread_px:.1f}', f'{instance.confidence:.2f}')
            self.rows.append((result.name, i, instance.score, depth, *told))
        if self.keep:
            self.kept.append(result.without_meshes())

    def _add_frame(self, result: ImageResult) -> None:
        video = video_of(result)
        count, tracks = self.followed.get(video, (0, set()))
        tracks |= {instance.track for instance in result.instances}
        self.followed[video] = count + 1, tracks

    def show(self, folder: Path) -> int:
        """Print it; returns the exit status: 1 if an image or a box could not be used, or no file
        was written."""
        console = Console()
        plain: Any = {'markup': False, 'highlight': False, 'soft_wrap': True}
        if self.rows:
            console.print(self._table())
        for video, (count, tracks) in self.followed.items():
            people = '1 person' if len(tracks) == 1 else f'{len(tracks)} people'
            told = f'{people} followed' if tracks else 'no person found'
            console.print(f'{printable(video)}: {told} in {count} frames', **plain)
        for name in self.empty:
            console.print(f'{printable(name)}: no person found', **plain)
        for name, problem in (*self.failed, *self.refused):
            console.print(printable(f'{name}: {problem}'), style='red', **plain)
        for note in self.notes:
            console.print(printable(note), style='yellow', **plain)
        if not self.files:
            nothing = 'no file was written: --save overlay is for images, bvh and video for videos'
            console.print(nothing, style='red', **plain)
        console.print(
            f'{self.instances} persons in {self.images} images, {len(self.failed)} failed; '
            f'{len(self.files)} files in {printable(str(folder))}',
            **plain,
        )
        return 1 if self.failed or self.refused or not self.files else 0

    def _table(self) -> Table:
        title = 'persons' if self.instances <= SHOWN else f'the first {SHOWN} of {self.instances}'
        numbers = ('person', 'score', 'depth\n[m]', 'cameras differ\nby [px]', 'confidence')
        table = table_of_numbers(title, 'image', *numbers)
        for name, i, score, depth, spread, confidence in self.rows:
            table.add_row(Name(printable(name)), str(i), f'{score:.2f}', depth, spread, confidence)
        return table
