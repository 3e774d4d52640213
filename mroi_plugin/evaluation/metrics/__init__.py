"""Metrics of mmengine: thin, streaming."""

from mroi_plugin.evaluation.metrics.human_mesh_metric import HumanMeshMetric
from mroi_plugin.evaluation.metrics.landmark_metric import LandmarkMetric

__all__ = [
    'HumanMeshMetric',
    'LandmarkMetric',
]
