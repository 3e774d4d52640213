"""Means of streams of numbers in constant memory, over all ranks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce
from torch import Tensor


class RunningMeans:
    """Sums and counts of named quantities as one float64 vector, which ranks add up."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.totals = torch.zeros(len(names), 2, dtype=torch.float64)

    def add(self, name: str, values: Tensor) -> None:
        """Add values (n) of one quantity."""
        row = self.totals[self.names.index(name)]
        row += torch.tensor([values.double().sum().item(), values.numel()], dtype=torch.float64)

    def reduce(self) -> dict[str, tuple[float, int]]:
        """Mean (NaN of nothing) and count of every quantity over all ranks; starts afresh."""
        totals = self.totals.clone()
        self.totals.zero_()
        all_reduce(totals)
        return {
            name: (total / count if count else float('nan'), int(count))
            for name, (total, count) in zip(self.names, totals.tolist())
        }
