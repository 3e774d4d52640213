"""Losses, one short file each: a pure function, and a class called with ``(outputs, batch)``."""

from mroi_plugin.models.losses.betas import SMPLBetasLoss
from mroi_plugin.models.losses.camera_consistency import CameraConsistencyLoss
from mroi_plugin.models.losses.keypoints3d import Keypoints3DLoss
from mroi_plugin.models.losses.landmarks import LandmarkLoss
from mroi_plugin.models.losses.multi_roi_contrastive import MultiRoIContrastiveLoss
from mroi_plugin.models.losses.pose import SMPLPoseLoss
from mroi_plugin.models.losses.reprojection import ReprojectionLoss
from mroi_plugin.models.losses.vertices import VertexLoss

__all__ = [
    'CameraConsistencyLoss',
    'Keypoints3DLoss',
    'LandmarkLoss',
    'MultiRoIContrastiveLoss',
    'ReprojectionLoss',
    'SMPLBetasLoss',
    'SMPLPoseLoss',
    'VertexLoss',
]
