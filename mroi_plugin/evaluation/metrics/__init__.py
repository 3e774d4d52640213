"""Metrics of mmengine: thin, streaming."""

from mroi_plugin.evaluation.metrics.human_mesh_metric import HumanMeshMetric

__all__ = [
    'HumanMeshMetric',
]
