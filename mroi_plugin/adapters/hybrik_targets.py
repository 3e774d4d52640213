"""HybrIK's training targets from SMPL parameters; mmhuman3d expects them precomputed on disk."""

from __future__ import annotations

from typing import Any

import roma
import torch
from torch import Tensor, nn

from mroi_plugin.mmhuman3d_compat.rotations import matrix_to_quaternion
from mroi_plugin.models.body_models.smpl_targets import smpl_targets
from mroi_plugin.utils.indices import on_device

DEPTH_RANGE_M = 2.0
"""Depth of the volume around the root that the heatmaps span (HybrIK Sec. 3.4)."""
LEAF_VERTICES = (411, 2445, 5905, 3216, 6617)
"""SMPL vertices of head, middle fingers and big toes: joints 24 to 28 of HybrIK."""
SPINE3 = 9
"""It has three children: its rotation is solved from all of them, without a twist."""
Batch = dict[str, Any]


def twist_angles(rotations: Tensor, bones: Tensor) -> Tensor:
    """Angle about the bone that remains of a rotation after the smallest one that aims the bone.

    ``R = R_swing R_twist`` (HybrIK Eq. 6): the swing takes the rest direction ``b`` to ``R b``
    along the great circle; the twist turns about ``b``.

    Args:
        rotations: (..., 3, 3).
        bones: (..., 3) rest direction from the joint to its child, any length.

    Returns:
        ``(cos, sin)`` (..., 2).
    """
    axis = bones / bones.norm(dim=-1, keepdim=True)
    aimed = (rotations @ axis[..., None])[..., 0]
    swing = torch.cross(axis, aimed, dim=-1)
    cos = (axis * aimed).sum(-1, keepdim=True)
    # Half-way quaternion (xyzw); for opposite directions any perpendicular axis would do.
    quaternion = torch.cat([swing, (1 + cos).clamp(min=1e-6)], dim=-1)
    swing = roma.unitquat_to_rotmat(quaternion / quaternion.norm(dim=-1, keepdim=True))
    twist = roma.rotmat_to_unitquat(swing.transpose(-1, -2) @ rotations)
    sin_half, cos_half = (twist[..., :3] * axis).sum(-1), twist[..., 3]
    angle = 2 * torch.atan2(sin_half, cos_half)
    return torch.stack([angle.cos(), angle.sin()], dim=-1)


def posed_joints(body: nn.Module, rotations: Tensor, betas: Tensor, transl: Tensor) -> Tensor:
    """The 29 joints of HybrIK in the camera frame.

    Args:
        body: `SMPLBody`.
        rotations: (N, 24, 3, 3).
        betas: (N, 10).
        transl: (N, 3) meters.

    Returns:
        (N, 29, 3) meters.
    """
    posed = body(
        global_orient=rotations[:, :1],
        body_pose=rotations[:, 1:],
        betas=betas,
        transl=transl,
        pose2rot=False,
    )
    leaves = posed['vertices'][:, on_device(LEAF_VERTICES, betas.device)]
    return torch.cat([posed['joints'][:, :24], leaves], dim=1)


def rest_joints(body: nn.Module, betas: Tensor) -> Tensor:
    """The same 29 joints in the rest pose, (N, 29, 3) meters."""
    shaped = body.v_template + torch.einsum('nb,vkb->nvk', betas, body.shapedirs)
    joints = torch.einsum('jv,nvk->njk', body.J_regressor, shaped)
    return torch.cat([joints, shaped[:, on_device(LEAF_VERTICES, betas.device)]], dim=1)


def hybrik_batch(batch: Batch, body: nn.Module, children: Tensor, crop_px: int) -> Batch:
    """Inputs and targets of ``HybrIK_trainer``.

    As in mmhuman3d, the depth of the root is an input, at test too; every target is masked by
    ``has_smpl`` and ``has_transl``.

    Args:
        batch: our batch; the image's camera.
        body: `SMPLBody` in convention ``smpl_54``.
        children: (29) child of each joint, negative where it has none.
        crop_px: side of the square crop.

    Returns:
        ``trans_inv`` (N, 2, 3), ``intrinsic_param`` (N, 3, 3) inverse, ``joint_root`` (N, 3) m,
        ``depth_factor`` (N, 1) m, ``bbox`` (N, 4) px and all ``target_*``.
    """
    with torch.no_grad():
        rotations, betas = smpl_targets(batch)
        known = (batch['has_smpl'] * batch['has_transl']).reshape(-1, 1)
        transl = torch.where(known > 0, batch['smpl_transl'], _default_transl(batch))
        joints = posed_joints(body, rotations, betas, transl)
        twist = _twist_targets(rotations, rest_joints(body, betas), children)
    root = joints[:, 0]
    relative = (joints - root[:, None]) / DEPTH_RANGE_M
    uvd, inside = _volume_coordinates(joints, batch, crop_px)
    weight = (known[..., None] * inside).expand(-1, -1, 3)
    ones = known[:, None].expand(-1, 24, 3)
    return {
        **_camera(batch, root),
        'target_uvd_29': uvd.flatten(1),
        'target_weight_29': weight.flatten(1),
        'target_xyz_24': relative[:, :24].flatten(1),
        'target_weight_24': ones.flatten(1),
        'target_xyz_17': joints.new_zeros(len(joints), 51),
        'target_weight_17': joints.new_zeros(len(joints), 51),
        'target_theta': matrix_to_quaternion(rotations).flatten(1),
        'target_theta_weight': known.expand(-1, 96),
        'target_beta': betas,
        'target_smpl_weight': batch['has_smpl'].reshape(-1, 1),
        'target_twist': twist[0],
        'target_twist_weight': twist[1] * known[..., None],
    }


def _default_transl(batch: Batch) -> Tensor:
    """Translation of a person of 2 m who fills RoI 0."""
    x, y, side = batch['rois'][:, 0].unbind(-1)
    focal = batch['focal_length']
    return torch.stack([2 * x / side, 2 * y / side, 2 * focal / side], dim=-1)


def _twist_targets(rotations: Tensor, rest: Tensor, children: Tensor) -> tuple[Tensor, Tensor]:
    """Targets (N, 23, 2) and which of them are defined, the same shape."""
    child = children[1:24].clamp(min=0)
    bones = rest[:, child] - rest[:, 1:24]
    defined = (children[1:24] >= 0) & (torch.arange(1, 24, device=children.device) != SPINE3)
    target = twist_angles(rotations[:, 1:], bones)
    return target, defined[None, :, None].to(target).expand_as(target)


def _volume_coordinates(joints: Tensor, batch: Batch, crop_px: int) -> tuple[Tensor, Tensor]:
    """``(u, v, d)`` in -0.5..0.5 (N, 29, 3) and which joints lie inside, (N, 29, 1)."""
    pixels = joints[..., :2] / joints[..., 2:] * batch['focal_length'].reshape(-1, 1, 1)
    pixels = pixels + batch['principal_point'][:, None]
    affines = batch['roi_affines'][:, 0]
    crop = pixels @ affines[..., :2].transpose(-1, -2) + affines[:, None, :, 2]
    depth = (joints[..., 2:] - joints[:, :1, 2:]) / DEPTH_RANGE_M
    uvd = torch.cat([crop / crop_px - 0.5, depth], dim=-1)
    return uvd, (uvd.abs() <= 0.5).all(-1, keepdim=True).to(uvd)


def _camera(batch: Batch, root: Tensor) -> Batch:
    count, device = len(root), root.device
    corner = torch.eye(3, device=device)[2].expand(count, 1, 3)
    inverse = torch.linalg.inv(torch.cat([batch['roi_affines'][:, 0], corner], dim=1))
    intrinsic = torch.eye(3, device=device).repeat(count, 1, 1)
    intrinsic[:, 0, 0] = intrinsic[:, 1, 1] = batch['focal_length']
    intrinsic[:, :2, 2] = batch['principal_point']
    roi, center = batch['rois'][:, 0], batch['principal_point']
    middle, half = roi[:, :2] + center, roi[:, 2:] / 2
    return {
        'trans_inv': inverse[:, :2],
        'intrinsic_param': torch.linalg.inv(intrinsic),
        'joint_root': root,
        'depth_factor': root.new_full((count, 1), DEPTH_RANGE_M),
        'bbox': torch.cat([middle - half, middle + half], dim=-1),
    }
