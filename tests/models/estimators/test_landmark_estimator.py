"""Landmarks: their targets, their losses, and that training finds them."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.engine.config import load_config
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.models.backbones.blazepose import LANDMARKS
from mroi_plugin.registry import METRICS, MODELS

JOINTS = [keypoint_names('smpl_54').index(name) for name in LANDMARKS]


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return MODELS.build(
        load_config('mroi_open_landmarks', options=['model.backbone.variant=lite']).model
    )


def batch_of(persons=2, rois=3):
    """Joints near the middle of an image of 600x400 px, everything annotated."""
    keypoints = torch.cat([200 + 60 * torch.randn(persons, 54, 2), torch.ones(persons, 54, 1)], 2)
    side = torch.tensor([400.0, 300.0, 200.0])[:rois]
    place = torch.tensor([-100.0, 0.0]).expand(persons, rois, 2)
    return {
        'img': torch.rand(persons, rois, 3, 256, 256),
        'keypoints2d': keypoints,
        'keypoints3d': torch.cat([torch.randn(persons, 54, 3), torch.ones(persons, 54, 1)], 2),
        'rois': torch.cat([place, side.expand(persons, rois)[..., None]], 2),
        'principal_point': torch.tensor([300.0, 200.0]).expand(persons, 2),
    }


def test_losses_of_its_own_landmarks_are_nothing(model):
    """What is asked for is where the landmarks are: both losses are 0, and of 0.1 away 0.1."""
    model.eval()
    batch = batch_of(rois=1)
    img = batch.pop('img')
    with torch.no_grad():
        points, world = model.extract(img, batch)
        center = batch['rois'][:, :, :2] + batch['principal_point'][:, None]
        batch['keypoints2d'][:, JOINTS, :2] = center + 400 * points[:, 0]
        batch['keypoints3d'][:, JOINTS, :3] = world[:, 0] + torch.tensor([5.0, 1.0, 3.0])
        hips = [JOINTS[i] for i in model.hips]
        middle = world[:, 0, model.hips].mean(1)
        losses = model(img, mode='loss', **batch)
        assert losses['loss_2d'] < 1e-5
        expected = model.weight_3d * middle.norm(dim=-1).mean()  # hips of the network, not of SMPL
        assert losses['loss_3d'] == pytest.approx(expected.item(), rel=1e-4)
        batch['keypoints2d'][..., 0] += 40.0
        assert model(img, mode='loss', **batch)['loss_2d'] == pytest.approx(0.1, rel=1e-4)
        batch['keypoints2d'][..., 2] = 0
        batch['keypoints3d'][:, hips[0], 3] = 0
        assert sum(model(img, mode='loss', **batch).values()) == 0


def test_training_finds_the_joints(model):
    torch.manual_seed(0)
    batch = batch_of(rois=1)
    img = batch.pop('img')
    batch['keypoints3d'][..., :3] *= 0.3
    model.train()
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 1e-3)
    losses = []
    for _ in range(40):
        losses.append(sum(model(img, mode='loss', **batch).values()))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.5 * losses[0]


def test_metric_counts_annotated_joints_of_roi_0(model):
    model.eval()
    batch = batch_of()
    batch['keypoints2d'][0, JOINTS[0], 2] = 0
    metric = METRICS.build(dict(type='LandmarkMetric'))
    img = batch.pop('img')
    errors = model(img, mode='predict', **batch)
    first = model(img[:, :1], mode='predict', **{**batch, 'rois': batch['rois'][:, :1]})
    assert errors[0]['error_2d'].isnan().tolist() == [True] + [False] * (len(JOINTS) - 1)
    torch.testing.assert_close(errors[1]['error_2d'], first[1]['error_2d'])
    metric.process(batch, errors)
    found = metric.evaluate(2)
    flat = torch.stack([e['error_2d'] for e in errors])
    flat = flat[~flat.isnan()]
    assert found['landmark/error_2d'] == pytest.approx(flat.mean().item())
    assert found['landmark/found'] == pytest.approx((flat < 0.05).float().mean().item())
    deep = torch.stack([e['error_3d'] for e in errors])
    assert found['landmark/error_3d'] == pytest.approx(1000 * deep.mean().item(), rel=1e-4)
