"""Loss functions of the method, one short file per idea."""

from mroi_plugin.models.losses.camera_consistency import CameraConsistencyLoss
from mroi_plugin.models.losses.keypoints import Keypoints3DLoss, ReprojectionLoss
from mroi_plugin.models.losses.multi_roi_contrastive import MultiRoIContrastiveLoss
from mroi_plugin.models.losses.smpl import SMPLBetasLoss, SMPLPoseLoss, VertexLoss

__all__ = [
    'CameraConsistencyLoss',
    'Keypoints3DLoss',
    'MultiRoIContrastiveLoss',
    'ReprojectionLoss',
    'SMPLBetasLoss',
    'SMPLPoseLoss',
    'VertexLoss',
]
