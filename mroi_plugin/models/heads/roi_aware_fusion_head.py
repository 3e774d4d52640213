"""From RoI features to a body and M cameras: fusion, embedding and decoders (v2 Fig. 2)."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mroi_plugin.cameras import crop_to_full_camera, decode_bbox_info, full_to_crop_camera
from mroi_plugin.models.layers.contrastive_embedding import ContrastiveEmbedding
from mroi_plugin.models.layers.roi_aware_fusion import RoIAwareFusion
from mroi_plugin.models.layers.rotation_6d import rotation_6d_to_matrix
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.precision import at_least_float32

BBOX_CONDITIONS = ('own', 'all', 'none')
MESH_SOURCES = ('mean', 'roi')
CAMERA_SOURCES = ('each', 'shared')
CAMERA_CODES = {'log': 'log_cam', 'linear': 'cam'}
"""Codes of local cameras, and what a decoder calls the group of numbers."""
MIN_SCALE, MAX_SCALE, MAX_SHIFT = 0.1, 20.0, 10.0
"""Limits of local cameras: a RoI shows between 20 m and 10 cm of the world. The depth of a camera
is the inverse of its scale, which is never 0."""


@register(MODELS, mmhuman3d='HEADS')
class RoIAwareFusionHead(BaseModule):
    """RoI-aware fusion, M local cameras and one mesh per person (v2 Sec. 3.1).

    ``mesh_from='mean'`` (papers): ``C_m = D_cam(u_m)`` (Eq. 5) and ``(theta, beta) = D_mesh(mean_m
    u_m)`` (Eq. 6).
    ``mesh_from='roi'``: one regressor decodes camera and mesh of every RoI from ``u_m`` and the
    mesh of RoI 0 is the person's; with M = 1 and no fusion this is CLIFF.

    Args:
        in_channels: D, width of the RoI features.
        num_rois: M.
        fusion: options of `RoIAwareFusion`; None means its defaults.
        embedding: options of `ContrastiveEmbedding`; None builds none.
        mesh_from: ``mean`` or ``roi``.
        camera_from: ``each`` (papers): one local camera per RoI, ``C_m = D_cam(u_m)``; ``shared``:
            ``D_cam(mean_m u_m)`` is RoI 0's, and the others are those of the same full camera,
            consistent by construction.
        camera_code: what a decoder regresses: ``log``: ``(log s, s t_x, s t_y)``, size and place of
            the body in its crop, or ``linear``: ``(s, t_x, t_y)`` (released code, CLIFF), where one
            step too large is hard to undo.
        bbox_condition: ``own``: a decoder also sees ``bbox_info`` of its RoI, the mesh decoder RoI
            0's; ``all``: those of all M; ``none``.
        mean_params: mean state ``pose`` (144, SPIN's 6D), ``shape`` (10) and ``cam`` (3); options
            of `mroi_plugin.models.body_models.smpl.load_mean_params`, None means the free body's.
        decoder: config of both decoders, `HMRRegressor` or `MLPRegressor`.
        init_cfg: see mmengine.

    Raises:
        ValueError: for an unknown option, or ``camera_from='shared'`` with ``mesh_from='roi'``.
    """

    def __init__(
        self,
        in_channels: int,
        num_rois: int,
        fusion: dict[str, Any] | None = None,
        embedding: dict[str, Any] | None = None,
        mesh_from: str = 'mean',
        camera_from: str = 'each',
        camera_code: str = 'log',
        bbox_condition: str = 'own',
        mean_params: dict[str, Any] | None = None,
        decoder: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        _check_option('mesh_from', mesh_from, MESH_SOURCES)
        _check_option('camera_from', camera_from, CAMERA_SOURCES)
        _check_option('camera_code', camera_code, tuple(CAMERA_CODES))
        if camera_from == 'shared' and mesh_from != 'mean':
            raise ValueError(
                f"camera_from='shared' with mesh_from={mesh_from!r}: that decoder gives every RoI "
                "its own camera; set mesh_from='mean'."
            )
        _check_option('bbox_condition', bbox_condition, BBOX_CONDITIONS)
        self.in_channels = in_channels
        self.num_rois = num_rois
        self.mesh_from = mesh_from
        self.camera_from = camera_from
        self.camera_group = CAMERA_CODES[camera_code]
        self.bbox_condition = bbox_condition
        self.fusion = RoIAwareFusion(in_channels, num_rois, **(fusion or {}))
        self.embedding = (
            None if embedding is None else ContrastiveEmbedding(in_channels, **embedding)
        )
        condition = {'own': 3, 'all': 3 * num_rois, 'none': 0}[bbox_condition]
        mean = _load_mean(mean_params)
        mesh = {'pose': mean['pose'], 'betas': mean['shape']}
        log = camera_code == 'log'
        camera = {self.camera_group: encode_camera(mean['cam']) if log else mean['cam']}
        scales = [math.log(s) if log else s for s in (MIN_SCALE, MAX_SCALE)]
        limits = [torch.tensor([s, t, t]) for s, t in zip(scales, (-MAX_SHIFT, MAX_SHIFT))]
        options = {
            **(decoder or {'type': 'HMRRegressor'}),
            'in_channels': in_channels + condition,
            'limits': {self.camera_group: limits},
        }
        if mesh_from == 'mean':
            self.mesh_decoder = MODELS.build({**options, 'init': mesh})
            self.camera_decoder = MODELS.build({**options, 'init': camera})
        else:
            self.joint_decoder = MODELS.build({**options, 'init': {**mesh, **camera}})

    def _condition(self, bbox_info: Tensor) -> Tensor:
        """The part of the RoIs that decoder m sees, (N, M, 3), (N, M, 3 M) or (N, M, 0)."""
        if self.bbox_condition == 'own':
            return bbox_info
        if self.bbox_condition == 'none':
            return bbox_info[..., :0]
        return bbox_info.flatten(1)[:, None].expand(-1, bbox_info.shape[1], -1)

    def _decode(self, fused: Tensor, condition: Tensor) -> dict[str, Tensor]:
        """6D pose (N, 144), betas (N, 10) and camera code (N, M, 3), or (N, 1, 3) where it is
        shared; pose and betas are (N, M, ...) where every RoI has its own body."""
        if self.mesh_from == 'roi':
            return self.joint_decoder(torch.cat([fused, condition], dim=-1))
        person = torch.cat([fused.mean(1), condition[:, 0]], dim=-1)
        if self.camera_from == 'shared':
            camera = self.camera_decoder(person)[self.camera_group][:, None]
            return {**self.mesh_decoder(person), self.camera_group: camera}
        cameras = self.camera_decoder(torch.cat([fused, condition], dim=-1))
        return {**self.mesh_decoder(person), **cameras}

    def forward(
        self, features: Tensor, bbox_info: Tensor, supervise: bool = False
    ) -> dict[str, Tensor]:
        """Decode the RoIs of each person.

        Args:
            features: (N, M, D).
            bbox_info: (N, M, 3) unitless.
            supervise: give what losses alone read, too.

        Returns:
            ``pred_pose`` (N, 24, 3, 3) rotation matrices, ``pred_betas`` (N, 10), ``pred_cam`` (N,
            M, 3) local cameras, ``fusion_weights`` (N, M, M), and with ``supervise``, for M > 1,
            ``embeddings`` (N, M, D) where an embedding is built, and ``roi_pose`` (N, M, 24, 3, 3)
            and ``roi_betas`` (N, M, 10) where every RoI has its own body.

        Raises:
            ValueError: if M or D is not what the head was built for.
        """
        if bbox_info.shape[1] != self.num_rois:
            raise ValueError(
                f'the head was built for num_rois={self.num_rois} and got {bbox_info.shape[1]} '
                'RoIs: make num_rois of the head and of MultiRoICrop agree.'
            )
        if features.shape[-1] != self.in_channels:
            raise ValueError(
                f'the head was built for in_channels={self.in_channels} and the backbone gives '
                f'{features.shape[-1]}.'
            )
        fused, weights = self.fusion(features, bbox_info)
        state = self._decode(fused, self._condition(bbox_info).to(fused.dtype))
        pose = at_least_float32(state['pose'])
        cameras = at_least_float32(state[self.camera_group])
        if self.camera_group == 'log_cam':
            cameras = decode_camera(cameras)
        if self.camera_from == 'shared':
            cameras = spread_camera(cameras[:, 0], bbox_info)
        out = {
            'pred_pose': rotation_6d_to_matrix(pose.reshape(*pose.shape[:-1], 24, 6)),
            'pred_betas': state['betas'],
            'pred_cam': cameras,
            'fusion_weights': weights,
        }
        if self.mesh_from == 'roi':
            bodies = {f'roi_{name}': out[f'pred_{name}'] for name in ('pose', 'betas')}
            out.update({f'pred_{name}': bodies[f'roi_{name}'][:, 0] for name in ('pose', 'betas')})
            if supervise and self.num_rois > 1:
                out.update(bodies)
        if supervise and self.embedding is not None and self.num_rois > 1:
            out['embeddings'] = self.embedding(features)
        return out


def encode_camera(camera: Tensor) -> Tensor:
    """Size and place of the body in its crop, ``(log s, s t_x, s t_y)``, of local cameras (..., 3).

    The joints of a crop move in equal steps with these numbers, whatever the scale.
    """
    scale, shift = camera.split([1, 2], dim=-1)
    return torch.cat([scale.log(), scale * shift], dim=-1)


def decode_camera(code: Tensor) -> Tensor:
    """Local cameras ``(s, t_x, t_y)`` (..., 3) of what `encode_camera` gives."""
    log_scale, place = code.split([1, 2], dim=-1)
    return torch.cat([log_scale.exp(), place * (-log_scale).exp()], dim=-1)


def spread_camera(camera: Tensor, bbox_info: Tensor) -> Tensor:
    """Local cameras of all RoIs that mean the same full camera as RoI 0's (Eq. 12).

    Args:
        camera: (N, 3) local camera of RoI 0.
        bbox_info: (N, M, 3) unitless.

    Returns:
        (N, M, 3).
    """
    # With f = 1 all lengths in the image are in units of the focal length.
    rois = decode_bbox_info(at_least_float32(bbox_info))
    one = rois.new_ones(())
    full = crop_to_full_camera(camera.to(rois.dtype), rois[:, 0], one)
    return full_to_crop_camera(full[:, None].expand_as(rois), rois, one)


def _check_option(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f'{name}={value!r}: expected one of {", ".join(allowed)}.')


def _load_mean(options: dict[str, Any] | None) -> dict[str, Tensor]:
    from mroi_plugin.models.body_models.smpl import load_mean_params

    params = load_mean_params(**({'free_body': True} if options is None else options))
    return {name: torch.as_tensor(value, dtype=torch.float32) for name, value in params.items()}
