"""Evaluators of configs: one metric or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MESH_METRICS = ('HumanMeshMetric', 'mroi_plugin.HumanMeshMetric')


def metrics_of(evaluator: Any) -> list[Any]:
    """Configs of the metrics of an evaluator's config."""
    return list(evaluator) if isinstance(evaluator, (list, tuple)) else [evaluator]


def mesh_metrics_of(evaluator: Any) -> list[Any]:
    """Configs of those that are a `HumanMeshMetric`."""
    return [
        metric
        for metric in metrics_of(evaluator)
        if isinstance(metric, Mapping) and metric.get('type') in MESH_METRICS
    ]
