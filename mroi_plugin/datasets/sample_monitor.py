"""Samples that workers are loading and those they skipped, known to the main process."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import Dataset, get_worker_info

from mroi_plugin.datasets.lost_batches import end_on_lost_batch
from mroi_plugin.datasets.sample_errors import InvalidSampleError

SLOTS = 256
"""Workers that are told apart."""
ATTEMPTS = 10
"""Replacements tried for one sample before giving up: by then it is the data set that is broken."""


class SampleMonitor:
    """Samples that workers are at, and those they skipped; shared with the worker processes.

    Args:
        skip_invalid: replace a sample that cannot be used instead of raising its error.
    """

    def __init__(self, skip_invalid: bool = False) -> None:
        self.skip_invalid = skip_invalid
        self._at_work = torch.full((SLOTS, 2), -1, dtype=torch.int64).share_memory_()
        self._skipped = torch.zeros(SLOTS, dtype=torch.int64).share_memory_()

    def load(
        self, load: Callable[[int], Any], index: int, replacement: Callable[[int], int]
    ) -> Any:
        """Load a sample, or what replaces it.

        Args:
            load: gives the sample of an index.
            index: of the sample.
            replacement: index to try at the n-th attempt, n from 1; the same in every run.

        Raises:
            InvalidSampleError: for a sample that cannot be used, if they are not skipped or the
                replacements cannot be used either.
        """
        end_on_lost_batch()
        at_work, chosen, attempt = self._at_work.numpy()[_slot()], index, 0
        while True:
            at_work[:] = os.getpid(), chosen
            try:
                return load(chosen)
            except InvalidSampleError as error:
                if not self.skip_invalid or attempt == ATTEMPTS:
                    raise
                self._skipped[_slot()] += 1
                warnings.warn(f'skipped: {error}', stacklevel=2)
            finally:
                at_work[1] = -1
            attempt += 1
            chosen = replacement(attempt)

    def sample_of(self, pid: int) -> int | None:
        """Sample that a process was at; None if it was at none."""
        found = [index for process, index in self._at_work.tolist() if process == pid]
        return found[0] if found and found[0] >= 0 else None

    def take_skipped(self) -> int:
        """Samples skipped since the last call, by all workers."""
        count = int(self._skipped.sum())
        self._skipped.zero_()
        return count


def _slot() -> int:
    """Of this process: 0 for the main one."""
    worker = get_worker_info()
    return 0 if worker is None else 1 + worker.id % (SLOTS - 1)


def monitored_parts(dataset: Dataset) -> Iterator[Dataset]:
    """The data sets within a data set that keep `SampleMonitor` as ``sample_monitor``."""
    if isinstance(getattr(dataset, 'sample_monitor', None), SampleMonitor):
        yield dataset
    inner = getattr(dataset, 'dataset', None)
    for part in (*getattr(dataset, 'datasets', ()), *([] if inner is None else [inner])):
        yield from monitored_parts(part)
