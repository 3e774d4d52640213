"""Boxes that the user gives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Union

import numpy as np

from mroi_plugin.apis.detectors.box_file import BoxFile, read_box_file
from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.apis.named_values import NamedValues
from mroi_plugin.datasets.pixel_checks import (
    could_be_corners,
    size_problem,
    sticks_out_unless_corners,
)
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.registry import DETECTORS, register
from mroi_plugin.utils.names import list_some

Boxes = Union[np.ndarray, Mapping[str, Any], str, os.PathLike]
MAX_FRACTION = 1.5
"""No box of pixels is within 0 and this; one in fractions of its image is."""
SLACK = 1.05
"""Sides of an image that boxes reach to in reliable annotations, some of them not clipped."""


@register(DETECTORS)
class GivenBoxes:
    """Boxes of every image, by its name or the same for all.

    Args:
        boxes: (n, 4) x, y, w, h px, or (n, 5) with a score, for every image; a mapping of such
            arrays by the names of images, see `NamedValues`; or a file, see `read_box_file`.

    Raises:
        ValueError: if they are of another form, or fractions of the image.
        FileNotFoundError: if there is no such file.
    """

    def __init__(self, boxes: Boxes) -> None:
        self.of_all: np.ndarray | None = None
        self.notes: list[str] = []
        by_name: dict[Any, np.ndarray] = {}
        self._sizes: dict[str, np.ndarray] = {}
        self.what = 'boxes'
        if isinstance(boxes, (str, os.PathLike)):
            self.what = f'{os.fspath(boxes)} (boxes)'
            boxes = read_box_file(os.fspath(boxes))
        if isinstance(boxes, BoxFile):
            by_name, self.notes, self._sizes = boxes.boxes, boxes.notes, boxes.sizes
        elif isinstance(boxes, Mapping):
            by_name = {
                name: _checked(rows, f'{self.what} of {name!r}') for name, rows in boxes.items()
            }
        else:
            self.of_all = _checked(boxes, self.what)
        self.by_name = NamedValues(by_name, self.what)
        tables = [*by_name.values()] if self.of_all is None else [self.of_all]
        _refuse_fractions(self.what, tables)
        self._given = sum(map(len, tables))
        self._corners = self._boxes = self._sticking_out = 0

    def __call__(self, image: InputImage) -> tuple[np.ndarray, np.ndarray]:
        """Boxes and scores of one image; none where it is not named.

        Raises:
            InvalidSampleError: if the file tells another size of the image.
            ValueError: if names fit images in more than one way.
        """
        name = self.by_name.name_of(image)
        rows = self.by_name.values.get(name, self.of_all)
        rows = np.zeros((0, 4)) if rows is None else rows
        size = np.array(image.size, np.float64)
        problem = size_problem(self._sizes[name], size) if name in self._sizes else None
        if problem:
            raise InvalidSampleError(
                f'{problem} in {self.what}: boxes must be pixels of this very image, upright as '
                'viewers show it.'
            )
        known = rows[np.isfinite(rows).all(1), :4]
        self._boxes += len(known)
        self._corners += int(could_be_corners(known, size).sum())
        self._sticking_out += int(sticks_out_unless_corners(known, size, SLACK).sum())
        scores = rows[:, 4] if rows.shape[1] == 5 else np.ones(len(rows))
        return rows[:, :4], scores

    @property
    def used(self) -> bool:
        """Whether a box has met an image."""
        return self._boxes > 0

    def report(self, whole: bool = True) -> list[str]:
        """What was left out and looks wrong, one line each.

        Args:
            whole: all images were seen, so that what met none is told.
        """
        lines, unused = [*self.notes], self.by_name.unused() if whole else []
        if unused:
            count = sum(len(self.by_name.values[name]) for name in unused)
            lines.append(f'{count} boxes of {self.by_name.unused_note()}')
        moved = self.by_name.moved()
        if moved:
            lines.append(
                f'{len(moved)} names are paths that are not on this machine, and met images by '
                f'the end of them: {list_some(moved)}.'
            )
        if self._sticking_out and self._corners == self._boxes:
            lines.append(
                f'{self._sticking_out} of {self._boxes} boxes leave their images as x, y, w, h, '
                'and all lie within as x1, y1, x2, y2: if they are corners, subtract x1, y1 from '
                'x2, y2 to get w, h.'
            )
        if whole and self._given and not self.used:
            lines.append('no box was used.')
        return [f'{self.what}: {line}' for line in lines]


def _checked(rows: Any, what: str) -> np.ndarray:
    try:
        rows = np.asarray(rows, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'{what}: {error}; expected numbers (n, 4).') from None
    rows = rows.reshape(0, 4) if rows.size == 0 else np.atleast_2d(rows)
    if rows.ndim != 2 or rows.shape[1] not in (4, 5):
        raise ValueError(
            f'{what}: an array of shape {rows.shape}; expected (n, 4) x, y, w, h in '
            'pixels, or (n, 5) with a score.'
        )
    return rows


def _refuse_fractions(what: str, tables: list[np.ndarray]) -> None:
    """Refuse boxes that all lie within 0 and 1: they are fractions of their image."""
    rows = [table[:, :4] for table in tables if len(table)]
    values = np.abs(np.concatenate(rows)) if rows else np.zeros((0, 4))
    known = values[np.isfinite(values).all(1)]
    if len(known) and known[:, 2:].any() and known.max() <= MAX_FRACTION:
        raise ValueError(
            f'{what}: all lie within 0 and {known.max():.4g}, which are fractions of the image; '
            'expected x, y, w, h in pixels: multiply by its width and height.'
        )
