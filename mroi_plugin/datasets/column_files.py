"""Columns of numbers as ``.npy`` files, written side by side from rows as they come."""

from __future__ import annotations

import os
import os.path as osp
from contextlib import ExitStack
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy


class ColumnFiles:
    """Writes columns of N rows; a context manager, at whose end they are on the disk.

    These are ordinary writes: on a full disk they are an error, where those through a map kill the
    process.

    Args:
        folder: for ``<name>.npy``.
        count: N.

    Attributes:
        shapes: of each column, (N, ...).
        zeros: names of the columns that are zero so far.
    """

    def __init__(self, folder: str, count: int) -> None:
        self.folder, self.count = folder, count
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.zeros: set[str] = set()
        self._files: dict[str, BinaryIO] = {}
        self._open = ExitStack()

    def __enter__(self) -> ColumnFiles:
        return self

    def __exit__(self, *error: Any) -> None:
        with self._open:
            for file in self._files.values() if error[0] is None else ():
                file.flush()
                os.fsync(file.fileno())

    def add(self, name: str, rows: np.ndarray) -> None:
        """Write the next rows (n, ...) of a column."""
        rows = np.ascontiguousarray(rows)
        if name not in self._files:
            self._begin(name, rows)
        if np.count_nonzero(rows):  # any() of numpy 1 takes no texts
            self.zeros.discard(name)
        self._files[name].write(rows)

    def _begin(self, name: str, rows: np.ndarray) -> None:
        path = osp.join(self.folder, f'{name}.npy')
        self._files[name] = self._open.enter_context(open(path, 'wb'))  # noqa: SIM115
        self.shapes[name] = (self.count, *rows.shape[1:])
        self.zeros.add(name)
        header = npy.header_data_from_array_1_0(rows)
        npy.write_array_header_1_0(self._files[name], {**header, 'shape': self.shapes[name]})
