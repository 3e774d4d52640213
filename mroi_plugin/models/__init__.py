"""Networks and losses of the method."""

from mroi_plugin.models.data_preprocessor import MultiRoIPreprocessor
from mroi_plugin.models.embedding import ContrastiveEmbedding
from mroi_plugin.models.estimator import MultiRoIEstimator
from mroi_plugin.models.full_camera_projector import FullCameraProjector
from mroi_plugin.models.fusion import RoIAwareFusion
from mroi_plugin.models.losses import (
    CameraConsistencyLoss,
    Keypoints3DLoss,
    MultiRoIContrastiveLoss,
    ReprojectionLoss,
    SMPLBetasLoss,
    SMPLPoseLoss,
    VertexLoss,
)
from mroi_plugin.models.positional_encoding import RoIPositionalEncoding
from mroi_plugin.models.roi_aware_fusion_head import RoIAwareFusionHead
from mroi_plugin.models.transformers_backbone import TransformersBackbone

__all__ = [
    'CameraConsistencyLoss',
    'ContrastiveEmbedding',
    'FullCameraProjector',
    'Keypoints3DLoss',
    'MultiRoIContrastiveLoss',
    'MultiRoIEstimator',
    'MultiRoIPreprocessor',
    'ReprojectionLoss',
    'RoIAwareFusion',
    'RoIAwareFusionHead',
    'RoIPositionalEncoding',
    'SMPLBetasLoss',
    'SMPLPoseLoss',
    'TransformersBackbone',
    'VertexLoss',
]
