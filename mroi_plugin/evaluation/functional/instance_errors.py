"""The errors of every person of a batch, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mroi_plugin.evaluation.functional.errors import (
    auc,
    camera_residual_px,
    joint_distances,
    pa_mpjpe,
    pck,
    reprojection_px,
)
from mroi_plugin.evaluation.functional.protocol import J14_NAMES
from mroi_plugin.models.body_models.genders import NEUTRAL
from mroi_plugin.models.layers.camera_agreement import confidence, consensus_camera, spread

MM_PER_M = 1000.0
PCK_MM = 150.0
AUC_MM = (0, 151, 5)
"""First, end and step of the thresholds of the AUC."""
Errors = dict[str, Tensor]


def joint_errors(joints: Tensor, truth: Tensor, pelvis: Tensor, true_pelvis: Tensor) -> Errors:
    """``mpjpe``, ``pa_mpjpe`` (N) mm, ``pck``, ``auc`` (N) in 0..1, ``joints`` (N, J) mm.

    PCK and AUC are of the 14 joints of MPI-INF-3DHP's ``mpii_get_pck_auc_joint_groups.m``, which
    are those of LSP: neither of the pelvis, which alignment puts right, nor of spine and head.

    Args:
        joints: (N, J, 3) m, of one of `JOINT_SETS`: those of LSP come first.
        truth: (N, J, 3) m.
        pelvis: (N, 3) m.
        true_pelvis: (N, 3) m.
    """
    distances = MM_PER_M * joint_distances(joints, truth, pelvis, true_pelvis)
    limbs = distances[:, : len(J14_NAMES)]
    return {
        'mpjpe': distances.mean(-1),
        'pa_mpjpe': MM_PER_M * pa_mpjpe(joints, truth),
        'pck': pck(limbs, PCK_MM),
        'auc': auc(limbs, torch.arange(*AUC_MM, dtype=torch.float64, device=distances.device)),
        'joints': distances,
    }


def camera_errors(batch: Mapping[str, Any], samples: Sequence[Mapping[str, Tensor]]) -> Errors:
    """``reprojection_px``, ``reprojection_share`` (of the side of RoI 0) and, of several RoIs,
    ``camera_residual_px`` and ``confidence``, which says how well the cameras agree; (N) each.

    Args:
        batch: collated samples.
        samples: predictions with ``pred_joints`` (K, 3) m, ``pred_cam_full`` (M, 3) m,
            ``pred_transl`` (3) m and ``focal_length`` px; without them there is nothing to say.
    """
    needed = ('pred_joints', 'pred_cam_full', 'pred_transl', 'focal_length')
    if any(name not in samples[0] for name in needed):
        return {}
    joints, cameras, transl = (
        torch.stack([sample[name] for sample in samples]).float() for name in needed[:3]
    )
    focal = torch.stack([torch.as_tensor(s['focal_length']) for s in samples]).to(joints)
    errors = {}
    if cameras.shape[1] > 1:
        errors['camera_residual_px'] = camera_residual_px(joints, cameras, focal)
        if 'rois' in batch:
            pixels, _ = spread(joints, cameras, consensus_camera(cameras, focal), focal)
            errors['confidence'] = confidence(
                pixels, batch['rois'][:, 0, 2].to(pixels, non_blocking=True)
            )
    if all(name in batch for name in ('keypoints2d', 'principal_point', 'rois')):
        keypoints, center, rois = (
            batch[name].to(joints, non_blocking=True)
            for name in ('keypoints2d', 'principal_point', 'rois')
        )
        if keypoints.shape[1] == joints.shape[1]:
            pixels = reprojection_px(joints, keypoints, transl, focal, center)
            errors['reprojection_px'] = pixels
            errors['reprojection_share'] = pixels / rois[:, 0, 2]
    return errors


def betas_errors(batch: Mapping[str, Any], samples: Sequence[Mapping[str, Tensor]]) -> Errors:
    """``betas_error`` (N): squared error of the shape coefficients, mean over the ten.

    Args:
        batch: collated samples with ``smpl_betas`` (N, 10), ``has_smpl`` (N) and ``gender`` (N);
            NaN for persons without SMPL parameters, and for those of a gendered body, whose
            coefficients are of another basis than the neutral prediction's.
        samples: predictions with ``pred_betas`` (10); without them there is nothing to say.
    """
    if 'pred_betas' not in samples[0] or 'smpl_betas' not in batch:
        return {}
    betas = torch.stack([sample['pred_betas'] for sample in samples]).float()
    error = (betas - batch['smpl_betas'].to(betas, non_blocking=True)).square().mean(-1)
    known = (batch['has_smpl'].reshape(-1) > 0) & (torch.as_tensor(batch['gender']) == NEUTRAL)
    known = known.to(error.device, non_blocking=True)
    return {'betas_error': error.masked_fill(~known, torch.nan)}
