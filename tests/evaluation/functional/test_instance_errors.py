"""PCK, AUC, aligned vertices and reprojection against loops written from their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import roma
import torch

from mroi_plugin.evaluation.functional.errors import (
    auc,
    joint_distances,
    pa_pve,
    pck,
    reprojection_px,
)
from mroi_plugin.evaluation.functional.instance_errors import (
    AUC_MM,
    betas_errors,
    camera_errors,
    joint_errors,
)

THRESHOLDS = torch.arange(*AUC_MM, dtype=torch.float64)


def rand(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def test_pck_and_auc_against_loops():
    distances = rand(5, 14).abs() * 120
    for n in range(5):
        right = sum(1 for d in distances[n].tolist() if d < 150)
        assert pck(distances, 150.0)[n].item() == pytest.approx(right / 14)
        shares = []
        for threshold in range(0, 151, 5):
            shares.append(sum(1 for d in distances[n].tolist() if d < threshold) / 14)
        assert auc(distances, THRESHOLDS)[n].item() == pytest.approx(sum(shares) / 31)


def test_perfect_and_hopeless():
    near, far = torch.zeros(2, 14), torch.full((2, 14), 1e4)
    assert pck(near, 150).tolist() == [1, 1]
    assert auc(near, THRESHOLDS).tolist() == [30 / 31] * 2  # nothing is below 0 mm
    assert pck(far, 150).tolist() == [0, 0] and auc(far, THRESHOLDS).tolist() == [0, 0]


def test_distances_are_relative_to_the_roots():
    pred, truth, root, true_root = rand(3, 14, 3), rand(3, 14, 3, seed=1), rand(3, 3), rand(3, 3)
    found = joint_distances(pred, truth, root, true_root)
    for n in range(3):
        for j in range(14):
            a = [pred[n, j, k].item() - root[n, k].item() for k in range(3)]
            b = [truth[n, j, k].item() - true_root[n, k].item() for k in range(3)]
            assert found[n, j].item() == pytest.approx(math.dist(a, b))


def test_aligned_vertices_know_no_similarity():
    vertices = rand(2, 300, 3)
    turn = roma.random_rotmat(2).double()
    moved = 1.7 * vertices @ turn.mT + rand(2, 1, 3, seed=3)
    assert pa_pve(moved, vertices).max() < 1e-6
    assert pa_pve(vertices + 0.1 * rand(2, 300, 3, seed=4), vertices).min() > 0.05


def test_reprojection_against_a_loop():
    points, camera = rand(2, 6, 3) * 0.3, torch.tensor([[0.1, 0.2, 4.0], [0.0, -1.0, 7.0]]).double()
    focal, center = torch.tensor([900.0, 1100.0]), torch.tensor([[320.0, 240.0], [300.0, 200.0]])
    keypoints = torch.cat([rand(2, 6, 2, seed=2) * 50 + 300, torch.ones(2, 6, 1)], -1).double()
    keypoints[0, 2, 2] = keypoints[1, :3, 2] = 0
    found = reprojection_px(points, keypoints, camera, focal.double(), center.double())
    for n in range(2):
        apart = []
        for k in range(6):
            if keypoints[n, k, 2] > 0:
                x, y, z = (points[n, k] + camera[n]).tolist()
                u = focal[n].item() * x / z + center[n, 0].item()
                v = focal[n].item() * y / z + center[n, 1].item()
                apart.append(math.dist((u, v), keypoints[n, k, :2].tolist()))
        assert found[n].item() == pytest.approx(sum(apart) / len(apart))
    keypoints[..., 2] = 0
    assert reprojection_px(points, keypoints, camera, focal, center).isnan().all()


def test_joint_errors_are_means_of_their_joints():
    found = joint_errors(rand(4, 14, 3), rand(4, 14, 3, seed=1), rand(4, 3), rand(4, 3, seed=2))
    torch.testing.assert_close(found['joints'].mean(1), found['mpjpe'])
    assert found['mpjpe'].min() > 100  # mm, of meters


def test_pck_leaves_out_what_alignment_puts_right():
    """Of 17 joints, pelvis, spine and head count for MPJPE and not for PCK and AUC."""
    truth = rand(3, 17, 3)
    joints = truth.clone()
    joints[:, :14] += 1.0  # 1.7 m off, while the other three are right
    found = joint_errors(joints, truth, joints[:, 14], truth[:, 14])
    assert found['pck'].tolist() == [0] * 3 and found['auc'].tolist() == [0] * 3
    assert found['joints'].shape == (3, 17) and (found['joints'][:, 14:] == 0).all()
    torch.testing.assert_close(found['mpjpe'], found['joints'].mean(1))


def test_a_joint_off_by_the_threshold_is_wrong():
    at = torch.full((1, 14), 150.0).double()
    assert pck(at, 150).item() == 0 and pck(at - 1e-6, 150).item() == 1


def test_without_cameras_nothing_is_said():
    assert camera_errors({}, [{'pred_vertices': torch.zeros(1, 3)}]) == {}


def test_the_share_is_of_the_side_of_roi_0():
    sample = {
        'pred_joints': torch.zeros(2, 3),
        'pred_cam_full': torch.tensor([[0.5, 0, 5]]),
        'pred_transl': torch.tensor([0.0, 0, 5]),
        'focal_length': torch.tensor(1000.0),
    }
    batch = {
        'keypoints2d': torch.tensor([[[330.0, 240, 1], [320, 260, 1]]]),
        'principal_point': torch.tensor([[320.0, 240]]),
        'rois': torch.tensor([[[0.0, 0, 200]]]),
    }
    found = camera_errors(batch, [sample])
    assert found['reprojection_px'].item() == pytest.approx(15)
    assert found['reprojection_share'].item() == pytest.approx(0.075)
    assert 'camera_residual_px' not in found and np.isfinite(found['reprojection_px'].item())


def test_betas_are_compared_on_the_neutral_body_alone():
    """Mean squared error; unknown without SMPL parameters or on a gendered body."""
    betas = torch.arange(10.0)
    batch = {
        'smpl_betas': torch.stack([betas + 2, betas, betas]),
        'has_smpl': torch.tensor([1.0, 0.0, 1.0]),
        'gender': torch.tensor([-1, -1, 0]),
    }
    found = betas_errors(batch, [{'pred_betas': betas}] * 3)['betas_error']
    assert found[0] == 4 and found[1:].isnan().all()
    assert betas_errors(batch, [{}] * 3) == {}
