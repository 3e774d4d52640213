"""Streaming evaluation of landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mroi_plugin.evaluation.metrics.running_means import RunningMeans
from mroi_plugin.registry import METRICS, register

GOOD = 0.05
"""Sides of the crop within which a landmark counts as found."""
MM_PER_M = 1000.0


@register(METRICS)
class LandmarkMetric(BaseMetric):
    """Mean distance of landmarks in sides of RoI 0 (``error_2d``) and in mm from the middle of the
    hips (``error_3d``), and the share that is within `GOOD` (``found``), over annotated joints."""

    default_prefix = 'landmark'
    names: ClassVar[dict[str, str]] = {'error_2d': 'less', 'found': 'greater', 'error_3d': 'less'}

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.means = RunningMeans((*self.names,))

    @torch.no_grad()
    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Tensor]]) -> None:
        """Add the errors that `LandmarkEstimator` predicts for one batch."""
        names = ('error_2d', 'error_3d')
        both = [torch.stack([sample[name] for name in names]) for sample in data_samples]
        flat, deep = torch.cat(both, dim=1).cpu()
        flat = flat[~flat.isnan()]
        self.means.add('error_2d', flat)
        self.means.add('found', (flat < GOOD).float())
        self.means.add('error_3d', MM_PER_M * deep[~deep.isnan()])

    def evaluate(self, size: int) -> dict[str, float]:
        """Means over all ranks; the sums start afresh.

        Args:
            size: number of frames of the data set.
        """
        metrics = self.compute_metrics(self.means.reduce())
        return {f'{self.prefix}/{name}': value for name, value in metrics.items()}

    def compute_metrics(self, results: dict[str, tuple[float, int]]) -> dict[str, float]:
        """The mean of every quantity that has one."""
        return {name: mean for name, (mean, count) in results.items() if count}
