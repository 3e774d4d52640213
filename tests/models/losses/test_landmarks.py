"""Where a backbone's landmarks should be, and how far they are from there."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.models.backbones.blazepose import LANDMARKS
from mroi_plugin.models.losses.landmarks import LandmarkLoss, landmark_targets

JOINTS = [keypoint_names('smpl_54').index(name) for name in LANDMARKS]


def test_targets_are_sides_of_each_roi_from_its_center():
    keypoints = torch.tensor([[[10.0, 20.0, 1.0], [30.0, 20.0, 0.5], [99.0, 20.0, 1.0]]])
    rois = torch.tensor([[[-10.0, 0.0, 40.0], [0.0, 0.0, 80.0]]])
    points, known = landmark_targets(keypoints, rois, torch.tensor([[20.0, 20.0]]))
    expected = torch.tensor(
        [[[0.0, 0], [0.5, 0], [2.225, 0]], [[-0.125, 0], [0.125, 0], [0.9875, 0]]]
    )
    torch.testing.assert_close(points[0], expected)
    assert known[0].tolist() == [[1.0, 0.5, 0.0], [1.0, 0.5, 1.0]]  # the last is out of reach


@pytest.fixture
def batch():
    torch.manual_seed(0)
    keypoints = torch.cat([200 + 30 * torch.randn(2, 54, 2), torch.ones(2, 54, 1)], 2)
    rois = torch.tensor([[-100.0, 0.0, 400.0], [-90.0, 10.0, 300.0], [-100.0, 0.0, 250.0]])
    point = torch.tensor([300.0, 200.0]).expand(2, 2)
    return {'keypoints2d': keypoints, 'rois': rois.expand(2, 3, 3), 'principal_point': point}


def exact(batch):
    """Landmarks (N, M, K, 2) that are where the joints are."""
    pixels = batch['keypoints2d'][:, None, JOINTS, :2]
    center = batch['rois'][:, :, None, :2] + batch['principal_point'][:, None, None]
    return ((pixels - center) / batch['rois'][:, :, None, 2:]).requires_grad_()


def test_the_loss_is_the_mean_distance(batch):
    landmarks = exact(batch)
    loss = LandmarkLoss(loss_weight=2.0)
    assert loss({'landmarks': landmarks}, batch).item() == pytest.approx(0.0, abs=1e-6)
    moved = landmarks + torch.tensor([0.03, -0.04])
    found = loss({'landmarks': moved}, batch)
    assert found.item() == pytest.approx(2.0 * 0.05, rel=1e-5)
    found.backward()
    assert landmarks.grad.abs().sum() > 0


def test_joints_that_are_not_annotated_do_not_count(batch):
    landmarks = exact(batch)
    batch['keypoints2d'][0, JOINTS[3]] = torch.tensor([1e6, -1e6, 0.0])
    batch['keypoints2d'][1, :, 2] = 0.0
    assert LandmarkLoss()({'landmarks': landmarks}, batch).item() == pytest.approx(0, abs=1e-6)
    batch['keypoints2d'][..., 2] = 0.0
    found = LandmarkLoss()({'landmarks': landmarks}, batch)
    found.backward()
    assert found == 0
    assert torch.equal(landmarks.grad, torch.zeros_like(landmarks))


def test_without_landmarks(batch):
    with pytest.raises(ValueError, match='BlazePose, and align_camera=True'):
        LandmarkLoss()({'pred_cam': torch.zeros(2, 3, 3)}, batch)
