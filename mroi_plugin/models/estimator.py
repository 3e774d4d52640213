"""The Multi-RoI estimator: encoder, head, body and losses in one mmengine model."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor

from mroi_plugin.cameras import crop_to_full_camera, encode_bbox_info
from mroi_plugin.models.fast_inference import FastInference
from mroi_plugin.models.full_camera_projector import FullCameraProjector
from mroi_plugin.models.recomputation import recompute_blocks
from mroi_plugin.models.targets import pelvis_roots, smpl_targets
from mroi_plugin.registry import MODELS, register

Batch = dict[str, Any]


@register(MODELS)
class MultiRoIEstimator(BaseModel):
    """Human mesh recovery from M RoIs of a person (v2 Fig. 2); with M = 1 it is CLIFF.

    Args:
        backbone: encoder of one crop; its last feature map, or all of them, are average pooled and
            concatenated to D numbers.
        head: `RoIAwareFusionHead`.
        body_model: `SMPLBody`.
        loss_camera: on ``pred_cam`` (Eq. 15-16), optional.
        loss_contrastive: on ``embeddings`` (Eq. 17), optional.
        loss_keypoints2d: `ReprojectionLoss`, optional.
        loss_keypoints3d: `Keypoints3DLoss`, optional.
        loss_pose: `SMPLPoseLoss`, optional.
        loss_betas: `SMPLBetasLoss`, optional.
        loss_vertices: `VertexLoss`, optional.
        loss_scale: factor on every term; the released code trains with 60.
        convention: keypoint convention of ``keypoints2d`` and ``keypoints3d``.
        channels_last: run the backbone in channels-last memory order, faster on most devices.
        recompute: compute the backbone's blocks again in the backward pass, to save memory; see
            `recompute_blocks`.
        inference: options of `FastInference`, for ``predict`` alone.
        data_preprocessor: `MultiRoIPreprocessor`.
        init_cfg: see mmengine.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        body_model: dict[str, Any],
        loss_camera: dict[str, Any] | None = None,
        loss_contrastive: dict[str, Any] | None = None,
        loss_keypoints2d: dict[str, Any] | None = None,
        loss_keypoints3d: dict[str, Any] | None = None,
        loss_pose: dict[str, Any] | None = None,
        loss_betas: dict[str, Any] | None = None,
        loss_vertices: dict[str, Any] | None = None,
        loss_scale: float = 1.0,
        convention: str = 'smpl_54',
        channels_last: bool = False,
        recompute: bool = False,
        inference: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            MODELS.build(data_preprocessor or {'type': 'MultiRoIPreprocessor'}), init_cfg
        )
        self.backbone = MODELS.build(backbone)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.backbone.to(memory_format=self.memory_format)
        if recompute:
            recompute_blocks(self.backbone)
        self.head = MODELS.build(head)
        self.body_model = MODELS.build(body_model).requires_grad_(False)
        self.projector = FullCameraProjector()
        self.loss_camera = _build_optional(loss_camera)
        self.loss_contrastive = _build_optional(loss_contrastive)
        self.loss_keypoints2d = _build_optional(loss_keypoints2d)
        self.loss_keypoints3d = _build_optional(loss_keypoints3d)
        self.loss_pose = _build_optional(loss_pose)
        self.loss_betas = _build_optional(loss_betas)
        self.loss_vertices = _build_optional(loss_vertices)
        self.loss_scale = loss_scale
        self.roots = pelvis_roots(convention)
        self.infer = FastInference(**(inference or {}))
        self._compiled: Any = None

    def forward(self, img: Tensor, mode: str = 'tensor', **batch: Any) -> Any:
        """Run the model in one of mmengine's modes.

        Args:
            img: (N, M, 3, h, w) normalised crops.
            mode: ``tensor`` for the raw outputs, ``loss`` for the named losses, ``predict`` for one
                dictionary per person.
            batch: the rest of the sample; ``rois`` (N, M, 3) pixels and ``focal_length`` (N) pixels
                are always needed, the targets for ``loss``.

        Returns:
            See `extract`, `loss` and `predict`.

        Raises:
            ValueError: if ``mode`` is unknown.
        """
        if mode == 'tensor':
            return self.extract(img, batch)
        if mode == 'loss':
            return self.loss(img, batch)
        if mode == 'predict':
            return self.predict(img, batch)
        raise ValueError(f"mode={mode!r}: expected 'tensor', 'loss' or 'predict'.")

    def encode(self, img: Tensor) -> Tensor:
        """RoI features ``h_m = pool(E(X_m))`` (N, M, D) of the crops (N, M, 3, h, w)."""
        crops = img.flatten(0, 1).contiguous(memory_format=self.memory_format)
        maps = self.backbone(crops)
        maps = maps if isinstance(maps, (list, tuple)) else [maps]
        pooled = torch.cat([x.mean((-2, -1)) for x in maps], dim=-1)
        return pooled.reshape(*img.shape[:2], -1)

    def extract(self, img: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Outputs of the head (see `RoIAwareFusionHead`) and of the body they describe.

        Returns:
            The head's outputs and ``pred_vertices`` (N, V, 3), ``pred_joints`` (N, K, 3), metres in
            the frame of the body.
        """
        bbox_info = encode_bbox_info(batch['rois'], batch['focal_length'][:, None])
        out = self.head(self.encode(img), bbox_info)
        return {**out, **self.pose_body(out['pred_pose'], out['pred_shape'])}

    def pose_body(self, rotations: Tensor, betas: Tensor) -> dict[str, Tensor]:
        """Vertices and joints, in float32 at least, of rotations (N, 24, 3, 3) and betas (N,
        10)."""
        with torch.autocast(rotations.device.type, enabled=False):
            dtype = torch.promote_types(rotations.dtype, torch.float32)
            rotations, betas = rotations.to(dtype), betas.to(dtype)
            body = self.body_model(
                global_orient=rotations[:, :1],
                body_pose=rotations[:, 1:],
                betas=betas,
                pose2rot=False,
            )
        return {'pred_vertices': body['vertices'], 'pred_joints': body['joints']}

    def compile_network(self, **options: Any) -> None:
        """Compile what training computes before its losses, backward pass included.

        Args:
            **options: of ``torch.compile``.
        """
        self._compiled = torch.compile(self.extract, **options)

    def loss(self, img: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Every configured loss by name, weighted; mmengine sums those named ``loss*``."""
        out = (self._compiled or self.extract)(img, _inputs(batch))
        with torch.autocast(img.device.type, enabled=False):
            losses = {
                **self._camera_losses(out, batch),
                **self._keypoint_losses(out, batch),
                **self._smpl_losses(out, batch),
            }
        return {name: self.loss_scale * value for name, value in losses.items()}

    def _camera_losses(self, out: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        losses = {}
        if self.loss_camera is not None:
            losses['loss_camera'] = self.loss_camera(out['pred_cam'], batch['rois'])
        if self.loss_contrastive is not None and 'embeddings' in out:
            losses['loss_contrastive'] = self.loss_contrastive(out['embeddings'])
        return losses

    def _keypoint_losses(self, out: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        losses = {}
        if self.loss_keypoints2d is not None:
            rois, target = batch['rois'], batch['keypoints2d']
            pixels = self.projector(
                out['pred_joints'], out['pred_cam'].float(), rois, batch['focal_length']
            )
            centred = target[..., :2] - batch['principal_point'][:, None]
            target = torch.cat([centred, target[..., 2:]], dim=-1)
            losses['loss_keypoints2d'] = self.loss_keypoints2d(pixels, target, rois)
        if self.loss_keypoints3d is not None:
            losses['loss_keypoints3d'] = self.loss_keypoints3d(
                out['pred_joints'], batch['keypoints3d'], self.roots
            )
        return losses

    def _smpl_losses(self, out: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        wanted = (self.loss_pose, self.loss_betas, self.loss_vertices)
        if all(term is None for term in wanted):
            return {}
        losses, has_smpl = {}, batch['has_smpl']
        pose, betas = smpl_targets(batch)
        if self.loss_pose is not None:
            losses['loss_pose'] = self.loss_pose(out['pred_pose'], pose, has_smpl)
        if self.loss_betas is not None:
            losses['loss_betas'] = self.loss_betas(out['pred_shape'].float(), betas, has_smpl)
        if self.loss_vertices is not None:
            with torch.no_grad():
                vertices = self.pose_body(pose, betas)['pred_vertices']
            losses['loss_vertices'] = self.loss_vertices(out['pred_vertices'], vertices, has_smpl)
        return losses

    @torch.no_grad()
    def predict(self, img: Tensor, batch: Batch) -> list[dict[str, Any]]:
        """One dictionary per person.

        Returns:
            ``pred_pose`` (24, 3, 3), ``pred_betas`` (10), ``pred_vertices`` (V, 3) and
            ``pred_joints`` (K, 3) in metres without translation, ``pred_cam`` (M, 3) local,
            ``pred_cam_full`` (M, 3) metres, ``fusion_weights`` (M, M), and ``rois``,
            ``focal_length``, ``principal_point``, ``sample_idx`` of the sample.
        """
        out = self.infer(self.extract, img, _inputs(batch))
        out['pred_betas'] = out.pop('pred_shape')
        out['pred_cam_full'] = crop_to_full_camera(
            out['pred_cam'].float(), batch['rois'], batch['focal_length'][:, None]
        )
        for name in ('rois', 'focal_length', 'principal_point', 'sample_idx'):
            if name in batch:
                out[name] = batch[name]
        return [{name: value[i] for name, value in out.items()} for i in range(len(img))]


def _inputs(batch: Batch) -> dict[str, Tensor]:
    """What the network reads beside the crops."""
    return {name: batch[name] for name in ('rois', 'focal_length')}


def _build_optional(cfg: dict[str, Any] | None) -> Any:
    return None if cfg is None else MODELS.build(cfg)
