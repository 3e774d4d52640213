"""Summary of a run of inference in a terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mroi_plugin.apis.video_stages import video_of
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.utils.names import printable
from mroi_plugin.utils.terminal_tables import Name, table_of_numbers

SHOWN = 20
PICTURES = ('.jpg', '.mp4')
KIND = re.compile(r'(_overlay)?\.\w+$')
"""End of the name of a file that says what it is."""


@dataclass
class Summary:
    """Counts, the people followed through videos, and the first persons in detail.

    Args:
        keep: keep all results, without their meshes and pixels.
        done_before: images and videos that a run left out, having their files.
    """

    keep: bool = False
    done_before: int = 0
    images: int = 0
    instances: int = 0
    listed: int = 0
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
        rows = () if result.frame is not None else result.instances
        self.listed += len(rows)
        for i, instance in enumerate(rows[: max(0, SHOWN - len(self.rows))]):
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

    def show(self, folder: Path, stopped: bool = False) -> int:
        """Print it; returns the exit status: 1 if an image or a box could not be used, or no file
        was written; 130 if the run was stopped."""
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
        if self.done_before:
            console.print(f'{self.done_before} images and videos were done before', **plain)
        for note in self.notes:
            console.print(printable(note), style='yellow', **plain)
        nothing_due = stopped or self.done_before
        if not (self.files or nothing_due):
            why = ': meshes are of people, bvh is of people in videos' if self.images else ''
            nothing = f'no file was written{why}'
            console.print(nothing, style='red', **plain)
        console.print(
            f'{self.instances} persons in {self.images} images, {len(self.failed)} failed; '
            f'{len(self.files)} files in {printable(str(folder))}',
            **plain,
        )
        if self.files:
            console.print(self._kinds(), **plain)
            console.print(printable(self._look(folder)), **plain)
        if stopped:
            return 130
        return 1 if self.failed or self.refused or not (self.files or nothing_due) else 0

    def _kinds(self) -> str:
        """How many files there are of each kind."""
        kinds = Counter(KIND.search(path.name).group() for path in self.files)
        return ', '.join(f'{count} {kind}' for kind, count in kinds.items())

    def _look(self, folder: Path) -> str:
        """What to open."""
        pictures = [path for path in self.files if path.suffix in PICTURES]
        looks = [f'look at {pictures[0]}'] if pictures else []
        if any(path.suffix == '.npz' for path in self.files):
            looks.append(f'in 3D: mroi view {folder}')
        return '; '.join(looks or [f'in 3D: the same with --save npz, then mroi view {folder}'])

    def _table(self) -> Table:
        title = 'persons' if self.listed <= SHOWN else f'the first {SHOWN} of {self.listed}'
        numbers = ('person', 'score', 'depth\n[m]', 'cameras differ\nby [px]', 'confidence')
        table = table_of_numbers(title, 'image', *numbers)
        for name, i, score, depth, spread, confidence in self.rows:
            table.add_row(Name(printable(name)), str(i), f'{score:.2f}', depth, spread, confidence)
        return table
