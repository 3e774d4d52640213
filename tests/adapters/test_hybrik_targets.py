"""HybrIK's targets: the true ones make its own solver return the true body."""

from __future__ import annotations

import pytest
import roma
import torch
from torch.utils.data import DataLoader

from mroi_plugin.adapters.hybrik_targets import (
    SPINE3,
    hybrik_batch,
    posed_joints,
    rest_joints,
    twist_angles,
)
from mroi_plugin.models.body_models.smpl_targets import smpl_targets
from mroi_plugin.registry import DATASETS, MODELS

BODY = {'type': 'SMPLBody', 'free_body': True}
CROP_PX = 64


def test_twist_is_what_remains_of_swing_then_twist():
    torch.manual_seed(0)
    bones = torch.randn(50, 3, dtype=torch.float64)
    axis = bones / bones.norm(dim=-1, keepdim=True)
    angle = 2.5 * torch.randn(50, 1, dtype=torch.float64)
    across = torch.cross(axis, torch.randn(50, 3, dtype=torch.float64), dim=-1)
    swing = roma.rotvec_to_rotmat(0.8 * across / across.norm(dim=-1, keepdim=True))
    rotation = swing @ roma.rotvec_to_rotmat(angle * axis)
    expected = torch.cat([angle.cos(), angle.sin()], dim=-1)
    torch.testing.assert_close(twist_angles(rotation, bones), expected)


def test_twist_of_no_rotation_and_of_a_reversal_is_finite():
    bones = torch.tensor([[0.0, 1.0, 0.0]]).expand(2, 3)
    rotation = torch.stack([torch.eye(3), torch.diag(torch.tensor([1.0, -1.0, -1.0]))])
    twist = twist_angles(rotation, bones)
    torch.testing.assert_close(twist[0], torch.tensor([1.0, 0.0]))
    assert twist.isfinite().all()


@pytest.fixture(scope='module')
def batch(workspace):
    steps = [
        {'type': 'LoadImage'},
        {'type': 'MultiRoICrop', 'crop_size': (CROP_PX, CROP_PX), 'num_rois': 1},
        {'type': 'PackMultiRoIInputs'},
    ]
    root = workspace / 'data' / 'synthetic'
    dataset = DATASETS.build(
        {
            'type': 'MultiRoIHumanDataset',
            'ann_file': str(root / 'preprocessed_datasets' / 'synthetic_test.npz'),
            'image_dir': str(root / 'datasets' / 'synthetic'),
            'pipeline': steps,
            'body_model': BODY,
        }
    )
    return next(iter(DataLoader(dataset, batch_size=len(dataset))))


@pytest.fixture(scope='module')
def bodies():
    hybrik = MODELS.build({'type': 'HybrIKBody', 'free_body': True}).eval()
    return MODELS.build(BODY), hybrik


def test_its_solver_returns_the_true_pose(batch, bodies):
    body, hybrik = bodies
    targets = hybrik_batch(batch, body, hybrik.children_map, CROP_PX)
    rotations, betas = smpl_targets(batch)
    joints = posed_joints(body, rotations, betas, batch['smpl_transl'])
    out = hybrik(
        pose_skeleton=joints - joints[:, :1],
        betas=betas,
        phis=targets['target_twist'],
        global_orient=None,
    )
    true = body(
        global_orient=rotations[:, :1], body_pose=rotations[:, 1:], betas=betas, pose2rot=False
    )['vertices']
    # Hands and feet end in one vertex each, which fixes their direction only approximately.
    error = (out['vertices'] - true).norm(dim=-1)
    assert error.mean() < 0.005 and error.max() < 0.05


def test_volume_coordinates_go_back_to_the_camera_frame_by_its_own_head(batch, bodies):
    from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d

    load_mmhuman3d()
    from mmhuman3d.models.heads.hybrik_head import HybrIKHead

    body, hybrik = bodies
    targets = hybrik_batch(batch, body, hybrik.children_map, CROP_PX)
    head = HybrIKHead.__new__(HybrIKHead)
    torch.nn.Module.__init__(head)
    head.width_dim = head.height_dim = CROP_PX // 4
    found = head.uvd_to_cam(
        targets['target_uvd_29'].unflatten(1, (29, 3)),
        *(targets[k] for k in ('trans_inv', 'intrinsic_param', 'joint_root', 'depth_factor')),
    )
    rotations, betas = smpl_targets(batch)
    joints = posed_joints(body, rotations, betas, batch['smpl_transl'])
    torch.testing.assert_close(2 * found, joints - joints[:, :1], atol=2e-5, rtol=0)


def test_joints_outside_the_volume_and_unknown_persons_are_masked(batch, bodies):
    body, hybrik = bodies
    targets = hybrik_batch(batch, body, hybrik.children_map, CROP_PX)
    inside = targets['target_uvd_29'].unflatten(1, (29, 3)).abs().le(0.5).all(-1)
    weight = targets['target_weight_29'].unflatten(1, (29, 3))
    torch.testing.assert_close(weight, inside[..., None].expand_as(weight).float())
    assert (targets['target_twist_weight'][:, SPINE3 - 1] == 0).all()
    unknown = {**batch, 'has_smpl': torch.zeros_like(batch['has_smpl'])}
    blank = hybrik_batch(unknown, body, hybrik.children_map, CROP_PX)
    for name, value in blank.items():
        assert value.isfinite().all(), name
        if name.endswith('weight'):
            assert (value == 0).all(), name


def test_rest_joints_are_posed_joints_without_pose(bodies):
    body = bodies[0]
    betas = torch.randn(3, 10)
    identity = torch.eye(3).expand(3, 24, 3, 3)
    posed = posed_joints(body, identity, betas, torch.zeros(3, 3))
    torch.testing.assert_close(rest_joints(body, betas), posed, atol=1e-5, rtol=0)
