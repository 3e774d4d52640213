"""Bodies are placed where the landmarks of the backbone are, where a config asks for it."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.cameras import project_points
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.models.backbones.blazepose import LANDMARKS

PERSONS, ROIS = 3, 5


@pytest.fixture(scope='module')
def model():
    cfg = load_config('mroi_open', options=['model.align_camera=True'])
    return build_model(cfg.model).eval()


@pytest.fixture
def batch():
    torch.manual_seed(0)
    rois = torch.tensor([40.0, -25.0, 220.0]) + 30 * torch.rand(PERSONS, ROIS, 3)
    return {'rois': rois, 'focal_length': torch.tensor([700.0, 900.0, 1100.0])}


def images():
    return torch.rand(PERSONS, ROIS, 3, 256, 256, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_exact_landmarks_give_the_camera_that_made_them(model, batch, monkeypatch):
    """Landmarks of the very body that is predicted, seen by a camera: it is found again."""
    body = model.extract(images(), batch)
    camera = body['pred_cam_full'][:, 0] * torch.tensor([[1.2], [0.8], [1.05]])
    camera[:, :2] += torch.tensor([[0.05, 0.02]])
    joints = body['pred_joints'][:, model.landmark_joints]
    pixels = project_points(joints, camera, batch['focal_length'])
    rois = batch['rois']
    places = (pixels[:, None] - rois[..., None, :2]) / rois[..., None, 2:]
    assert (places.abs() < 0.5).all(-1).sum((1, 2)).min() > 10
    monkeypatch.setattr(model.backbone, 'joint_places', lambda _: places.flatten(0, 1))
    found = model.extract(images(), batch)
    torch.testing.assert_close(found['pred_transl'], camera, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found['pred_cam_full'], body['pred_cam_full'])


@torch.no_grad()
def test_landmarks_outside_of_their_crop_do_not_count(model, batch, monkeypatch):
    monkeypatch.setattr(
        model.backbone, 'joint_places', lambda f: torch.full((len(f), len(LANDMARKS), 2), 0.7)
    )
    found = model.extract(images(), batch)
    assert torch.equal(found['pred_transl'], found['pred_cam_full'][:, 0])


def test_training_does_not_see_it(model, batch):
    found = model.extract(images(), batch, supervise=True)
    assert torch.equal(found['pred_transl'], found['pred_cam_full'][:, 0])


def test_a_backbone_without_landmarks_is_refused():
    cfg = load_config('mroi_synthetic', options=['model.align_camera=True'])
    with pytest.raises(ValueError, match='finds no landmarks'):
        build_model(cfg.model)
