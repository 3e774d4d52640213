"""The Multi-RoI estimator: encoder, head, body and losses in one mmengine model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.cameras import crop_to_full_camera, encode_bbox_info
from mroi_plugin.models.backbones.features import count_channels
from mroi_plugin.models.backbones.recomputation import recompute_blocks
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.models.body_models.genders import NEUTRAL
from mroi_plugin.models.body_models.smpl_targets import smpl_targets
from mroi_plugin.models.encoders.crop_encoder import build_encoder
from mroi_plugin.models.estimators.base_estimator import BaseEstimator, Batch
from mroi_plugin.models.estimators.fast_inference import FastInference
from mroi_plugin.models.layers.camera_alignment import align_camera
from mroi_plugin.models.losses.landmarks import landmark_joints
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.indices import on_device
from mroi_plugin.utils.precision import at_least_float32

PER_ROI = ('img', 'rois', 'roi_affines', 'bbox_info')
"""Entries of a batch (N, M, ...)."""
CAMERAS = ('pred_cam', 'pred_cam_full')
INPUTS = ('rois', 'shared_roi', 'focal_length')


@register(MODELS)
class MultiRoIEstimator(BaseEstimator):
    """Human mesh recovery from M RoIs of a person (Eq. 1; v2 Fig. 2); with M = 1 it is CLIFF.

    Args:
        backbone: network of one crop: feature maps, which are average pooled and concatenated, or a
            feature of D numbers.
        head: `RoIAwareFusionHead`; its ``in_channels`` is the backbone's D.
        body_model: `SMPLBody`.
        target_bodies: `SMPLBody` of the persons who have a gender in the data, without ``gender``.
            If nothing is said, their shapes and vertices, which are of another body, are not
            supervised; their poses and joints are.
        losses: by name; each is called ``loss(outputs, batch)`` and logged as ``loss_<name>``. None
            in place of a config removes the loss of a base config. With ``mesh_from='roi'`` every
            RoI is supervised as a person of its own, but for losses with ``across_rois = True``.
        loss_scale: factor on every loss; the released code trains with 60.
        encoder: which pixels the backbone sees of each RoI: `CropEncoder`, if nothing is said,
            `SizedCropEncoder` or `SharedMapEncoder`.
        channels_last: run the backbone in channels-last memory order, faster on most devices.
        recompute: compute the backbone's blocks again in the backward pass, to save memory; see
            `recompute_blocks`.
        align_camera: place the body where the landmarks in the backbone's features are, see
            `align_camera`, and not by the camera of RoI 0; `BlazePose` has such features.
        inference: options of `FastInference`, for ``predict`` alone.
        data_preprocessor: `MultiRoIPreprocessor`.
        init_cfg: see mmengine.

    Raises:
        ValueError: if ``head.in_channels`` is not the backbone's, a loss has no type, or
            ``align_camera`` is asked of a backbone without landmarks.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        body_model: dict[str, Any],
        losses: Mapping[str, dict[str, Any] | None] | None = None,
        loss_scale: float = 1.0,
        encoder: dict[str, Any] | None = None,
        channels_last: bool = False,
        recompute: bool = False,
        align_camera: bool = False,
        target_bodies: dict[str, Any] | None = None,
        inference: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.backbone.to(memory_format=self.memory_format)
        if recompute:
            recompute_blocks(self.backbone)
        self.encoder = build_encoder(encoder)
        self.head = MODELS.build(_with_channels(head, count_channels(self.backbone)))
        self.body_model = MODELS.build(body_model).requires_grad_(False)
        self.target_bodies = None if target_bodies is None else GenderedBodies(target_bodies)
        self.losses = _build_losses(losses or {})
        self.loss_scale = loss_scale
        self.landmark_joints = self._landmark_joints() if align_camera else None
        self.infer = FastInference(**(inference or {}))
        self._compiled: Any = None

    def encode(self, img: Tensor, batch: Batch) -> Tensor:
        """RoI features (N, M, D) of the crops (N, K, 3, h, w), see `CropEncoder`, or of what
        `CachedMapsDataset` gives for them; features stay as they are."""
        if img.dim() == 3:
            return img
        crops = img.flatten(0, 1).contiguous(memory_format=self.memory_format)
        return self.encoder(self.backbone, crops.reshape(img.shape), batch)

    def extract(self, img: Tensor, batch: Batch, supervise: bool = False) -> dict[str, Tensor]:
        """Outputs of the head (see `RoIAwareFusionHead`) and of the body they describe.

        Returns:
            The head's outputs, ``pred_cam_full`` (N, M, 3) m (Eq. 12), ``pred_vertices`` (N, V, 3)
            and ``pred_joints`` (N, K, 3), m in the frame of the body, without translation, and
            ``pred_transl`` (N, 3) m, which is RoI 0's full camera unless ``align_camera``; with it
            and ``supervise``, ``landmarks`` (N, M, K, 2) in sides of each RoI from its center.
        """
        rois, focal = batch['rois'], batch['focal_length'][:, None]
        features = self.encode(img, batch)
        out = self.head(features, encode_bbox_info(rois, focal), supervise)
        full = crop_to_full_camera(at_least_float32(out['pred_cam']), rois, focal)
        out = {**out, 'pred_cam_full': full, 'pred_transl': full[:, 0]}
        out.update(self.pose_body(out['pred_pose'], out['pred_betas']))
        if self.landmark_joints is not None:
            places = self.backbone.joint_places(at_least_float32(features).flatten(0, 1))
            places = places.reshape(*rois.shape[:2], *places.shape[1:])
            if supervise:
                out['landmarks'] = places
            else:
                out['pred_transl'] = self._aligned(places, out, rois, focal[:, 0])
        return out

    def _landmark_joints(self) -> list[int]:
        """Numbers of the joints among ``pred_joints`` that the backbone has landmarks of."""
        if not hasattr(self.backbone, 'joint_places'):
            raise ValueError(
                f'align_camera=True: {type(self.backbone).__name__} finds no landmarks; leave it '
                'out, or use BlazePose.'
            )
        return landmark_joints(self.body_model.keypoint_dst)

    def _aligned(self, places: Tensor, out: Batch, rois: Tensor, focal: Tensor) -> Tensor:
        """Translation (N, 3) m by the landmarks of all RoIs that lie within their crop."""
        points = rois[..., None, :2] + rois[..., None, 2:] * places
        seen = on_device(self.landmark_joints, rois.device)
        joints = out['pred_joints'][:, seen].repeat(1, rois.shape[1], 1)
        return align_camera(
            joints,
            points.flatten(1, 2),
            (places.abs() < 0.5).all(-1).flatten(1).to(points.dtype),
            out['pred_transl'],
            focal,
            rois[:, 0, 2],
        )

    def pose_body(self, rotations: Tensor, betas: Tensor) -> dict[str, Tensor]:
        """Vertices and joints, in float32 at least, of rotations (N, 24, 3, 3) and betas (N,
        10)."""
        with torch.autocast(rotations.device.type, enabled=False):
            rotations = at_least_float32(rotations)
            body = self.body_model(
                global_orient=rotations[:, :1],
                body_pose=rotations[:, 1:],
                betas=betas.to(rotations.dtype),
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
        """Every configured loss as ``loss_<name>``, weighted; mmengine sums them (Eq. 19)."""
        outputs = (self._compiled or self.extract)(img, _inputs(batch), supervise=True)
        with torch.autocast(img.device.type, enabled=False):
            if 'smpl_betas' in batch:
                batch = {**batch, **self.targets(batch)}
            single = self._roi_by_roi(outputs, batch)
            return {
                f'loss_{name}': self.loss_scale
                * loss(*((outputs, batch) if getattr(loss, 'across_rois', False) else single))
                for name, loss in self.losses.items()
            }

    def _roi_by_roi(self, outputs: Batch, batch: Batch) -> tuple[Batch, Batch]:
        """Outputs and batch with every RoI of a person as a person with one RoI, where each has a
        body of its own (``mesh_from='roi'``); as they are elsewhere."""
        if 'roi_pose' not in outputs:
            return outputs, batch
        persons, rois = outputs['pred_cam'].shape[:2]
        pose, betas = (outputs[f'roi_{name}'].flatten(0, 1) for name in ('pose', 'betas'))
        cameras = {name: outputs[name].flatten(0, 1)[:, None] for name in CAMERAS}
        body = self.pose_body(pose, betas)
        spread = {
            name: value.flatten(0, 1)[:, None]
            if name in PER_ROI
            else value.repeat_interleave(rois, dim=0)
            for name, value in batch.items()
            if isinstance(value, Tensor) and len(value) == persons
        }
        return {'pred_pose': pose, 'pred_betas': betas, **cameras, **body}, spread

    @torch.no_grad()
    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """Targets from a batch's SMPL parameters; zero poses for persons without any.

        Args:
            batch: ``smpl_global_orient`` (N, 3), ``smpl_body_pose`` (N, 23, 3) rad, ``smpl_betas``
                (N, 10), ``has_smpl`` (N); ``gender`` (N) 0 male, 1 female, -1 neutral, as are all
                persons without it.

        Returns:
            ``target_pose`` (N, 24, 3, 3), ``target_betas`` (N, 10), ``target_vertices`` (N, V, 3) m
            without translation, ``has_betas`` and ``has_vertices`` (N): 1 where these are those of
            the neutral body, and of the person's body.
        """
        pose, betas = smpl_targets(batch)
        has = batch['has_smpl'].reshape(-1)
        neutral = has if 'gender' not in batch else has * (batch['gender'] == NEUTRAL)
        if self.target_bodies is not None and 'gender' in batch:
            known = has
            vertices = self.target_bodies.vertices_by_mask(pose, betas, batch['gender'])
        else:
            known, vertices = neutral, self.pose_body(pose, betas)['pred_vertices']
        return {
            'target_pose': pose,
            'target_betas': betas,
            'target_vertices': vertices,
            'has_betas': neutral,
            'has_vertices': known,
        }

    @torch.no_grad()
    def predict(self, img: Tensor, batch: Batch) -> list[dict[str, Any]]:
        """One dictionary per person.

        Returns:
            ``pred_pose`` (24, 3, 3), ``pred_betas`` (10), ``pred_vertices`` (V, 3) and
            ``pred_joints`` (K, 3) in meters without translation, ``pred_cam`` (M, 3) local,
            ``pred_cam_full`` (M, 3) meters, ``pred_transl`` (3) meters, ``fusion_weights`` (M, M),
            and ``rois``,
            ``focal_length``, ``principal_point``, ``sample_idx`` of the sample.
        """
        out = self.infer(self.extract, img, _inputs(batch))
        for name in ('rois', 'focal_length', 'principal_point', 'sample_idx'):
            if name in batch:
                out[name] = batch[name]
        return [{name: value[i] for name, value in out.items()} for i in range(len(img))]


def _inputs(batch: Batch) -> dict[str, Tensor]:
    """Inputs of the network beside the crops."""
    return {name: batch[name] for name in INPUTS if name in batch}


def _with_channels(head: dict[str, Any], channels: int | None) -> dict[str, Any]:
    given = head.get('in_channels', channels)
    if given is None:
        raise ValueError(
            'the width of the backbone cannot be found, for it takes no crop of 64x64: set '
            'model.head.in_channels.'
        )
    if channels not in (None, given):
        raise ValueError(
            f'model.head.in_channels={given}, but the backbone gives {channels} channels: leave it '
            'out, it is found from the backbone.'
        )
    return {**head, 'in_channels': given}


def _build_losses(losses: Mapping[str, dict[str, Any] | None]) -> nn.ModuleDict:
    chosen = {name: cfg for name, cfg in losses.items() if cfg is not None}
    for name, cfg in chosen.items():
        if not isinstance(cfg, Mapping) or 'type' not in cfg:
            raise ValueError(
                f'model.losses.{name}={cfg!r}: expected dict(type=..., loss_weight=...), or None '
                'to remove the loss.'
            )
    return nn.ModuleDict({name: MODELS.build(cfg) for name, cfg in chosen.items()})
