"""Networks, losses and bodies of the method."""

from mroi_plugin.models.backbones.blazepose import BlazePose
from mroi_plugin.models.backbones.classification_hrnet import ClassificationHRNet
from mroi_plugin.models.backbones.timm_backbone import TimmBackbone
from mroi_plugin.models.backbones.transformers_backbone import TransformersBackbone
from mroi_plugin.models.body_models.smpl import SMPLBody
from mroi_plugin.models.data_preprocessors.multi_roi_preprocessor import MultiRoIPreprocessor
from mroi_plugin.models.encoders.crop_encoder import CropEncoder
from mroi_plugin.models.encoders.shared_map_encoder import SharedMapEncoder
from mroi_plugin.models.encoders.sized_crop_encoder import SizedCropEncoder
from mroi_plugin.models.estimators.landmark_estimator import LandmarkEstimator
from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator
from mroi_plugin.models.heads.roi_aware_fusion_head import RoIAwareFusionHead
from mroi_plugin.models.layers.contrastive_embedding import ContrastiveEmbedding
from mroi_plugin.models.layers.full_camera_projector import FullCameraProjector
from mroi_plugin.models.layers.hmr_regressor import HMRRegressor
from mroi_plugin.models.layers.mlp_regressor import MLPRegressor
from mroi_plugin.models.layers.positional_encoding import RoIPositionalEncoding
from mroi_plugin.models.layers.roi_aware_fusion import RoIAwareFusion
from mroi_plugin.models.losses.betas import SMPLBetasLoss
from mroi_plugin.models.losses.camera_consistency import CameraConsistencyLoss
from mroi_plugin.models.losses.keypoints3d import Keypoints3DLoss
from mroi_plugin.models.losses.landmarks import LandmarkLoss
from mroi_plugin.models.losses.multi_roi_contrastive import MultiRoIContrastiveLoss
from mroi_plugin.models.losses.pose import SMPLPoseLoss
from mroi_plugin.models.losses.reprojection import ReprojectionLoss
from mroi_plugin.models.losses.vertices import VertexLoss

__all__ = [
    'BlazePose',
    'CameraConsistencyLoss',
    'ClassificationHRNet',
    'ContrastiveEmbedding',
    'CropEncoder',
    'FullCameraProjector',
    'HMRRegressor',
    'Keypoints3DLoss',
    'LandmarkEstimator',
    'LandmarkLoss',
    'MLPRegressor',
    'MultiRoIContrastiveLoss',
    'MultiRoIEstimator',
    'MultiRoIPreprocessor',
    'ReprojectionLoss',
    'RoIAwareFusion',
    'RoIAwareFusionHead',
    'RoIPositionalEncoding',
    'SMPLBetasLoss',
    'SMPLBody',
    'SMPLPoseLoss',
    'SharedMapEncoder',
    'SizedCropEncoder',
    'TimmBackbone',
    'TransformersBackbone',
    'VertexLoss',
]
