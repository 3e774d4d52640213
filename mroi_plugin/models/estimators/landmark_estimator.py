"""Training of a backbone by the landmarks that its features hold."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from mroi_plugin.models.backbones.blazepose import LANDMARKS
from mroi_plugin.models.encoders.crop_encoder import build_encoder
from mroi_plugin.models.estimators.base_estimator import BaseEstimator, Batch
from mroi_plugin.models.losses.keypoints3d import center_on_root
from mroi_plugin.models.losses.landmarks import landmark_distances, landmark_joints
from mroi_plugin.models.losses.masked import masked_mean
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.indices import on_device


@register(MODELS)
class LandmarkEstimator(BaseEstimator):
    """Body landmarks in every RoI and in meters, by a backbone that regresses them itself.

    It has no body and no head: a step costs little more than the backbone's. What is learned is
    where joints are, from which a network that is trained later, with this backbone, finds the
    pose. Losses are mean distances: ``loss_2d`` in sides of the crop, ``loss_3d`` in meters from
    the middle of the hips.

    Args:
        backbone: config of a backbone with ``landmarks``, as `BlazePose`.
        encoder: `CropEncoder`, if nothing is said, or `SharedMapEncoder`.
        convention: keypoint convention of the data, which names the joints of `LANDMARKS`.
        weight_3d: factor of ``loss_3d``.
        data_preprocessor: `MultiRoIPreprocessor`.
        init_cfg: see mmengine.
    """

    takes_any_rois: ClassVar[bool] = True

    def __init__(
        self,
        backbone: dict[str, Any],
        encoder: dict[str, Any] | None = None,
        convention: str = 'smpl_54',
        weight_3d: float = 0.3,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.backbone.to(memory_format=torch.channels_last)
        self.encoder = build_encoder(encoder)
        self.weight_3d = weight_3d
        self.joints = landmark_joints(convention)
        self.hips = [[*LANDMARKS].index(f'{side}_hip') for side in ('left', 'right')]

    def extract(self, img: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """The landmarks of `LANDMARKS`: (N, M, K, 2) in sides of the RoI from its center, and (N,
        M, K, 3) m from the middle of the hips."""
        crops = img.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        features = self.encoder(self.backbone, crops.reshape(img.shape), batch)
        points, world = self.backbone.landmarks(features.flatten(0, 1))
        chosen = on_device(LANDMARKS.values(), points.device)
        points, world = points[:, chosen, :2], world[:, chosen]
        return points.unflatten(0, features.shape[:2]), world.unflatten(0, features.shape[:2])

    def loss(self, img: Tensor, batch: Batch) -> dict[str, Tensor]:
        """``loss_2d`` and ``loss_3d``, weighted."""
        distance, known, distance_3d, known_3d = self._distances(img, batch)
        return {
            'loss_2d': masked_mean(distance, known),
            'loss_3d': self.weight_3d * masked_mean(distance_3d, known_3d),
        }

    @torch.no_grad()
    def predict(self, img: Tensor, batch: Batch) -> list[dict[str, Tensor]]:
        """Per person, of RoI 0: ``error_2d`` (K) in sides of the crop and ``error_3d`` (K) m, NaN
        where a joint is not annotated."""
        batch = {**batch, 'rois': batch['rois'][:, :1]}
        distance, known, distance_3d, known_3d = self._distances(img[:, :1], batch)
        return [
            {'error_2d': a, 'error_3d': b}
            for a, b in zip(
                distance.masked_fill(known <= 0, torch.nan)[:, 0],
                distance_3d.masked_fill(known_3d <= 0, torch.nan)[:, 0],
            )
        ]

    def _distances(self, img: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Distances and confidences (N, M, K) in sides of the crop, and in meters."""
        joints, hips = (on_device(x, img.device) for x in (self.joints, self.hips))
        points, world = self.extract(img, batch)
        distance, known = landmark_distances(points, self.joints, batch)
        target = batch['keypoints3d'][:, None, joints]
        true_world = center_on_root(target[..., :3], self.hips)
        known_3d = target[..., 3] * (target[..., hips, 3] > 0).all(-1, keepdim=True)
        distance_3d = (world - true_world).norm(dim=-1)
        return distance, known, distance_3d, known_3d.expand_as(distance_3d)
