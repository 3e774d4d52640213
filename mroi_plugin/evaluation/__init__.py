"""Evaluation by the protocol of the papers."""

from mroi_plugin.evaluation.errors import camera_residual_px, mpjpe, pa_mpjpe, pve
from mroi_plugin.evaluation.mean_body import mean_body_prediction
from mroi_plugin.evaluation.metric import HumanMeshMetric

__all__ = [
    'HumanMeshMetric',
    'camera_residual_px',
    'mean_body_prediction',
    'mpjpe',
    'pa_mpjpe',
    'pve',
]
