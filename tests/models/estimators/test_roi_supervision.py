"""One body per RoI: all of them are supervised, each through its own camera."""

from __future__ import annotations

import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from test_configs import small_batch

from mroi_plugin.registry import MODELS


def build(**head):
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    cfg.head.update(head)
    cfg.losses.camera = cfg.losses.contrastive = cfg.head.embedding = None
    torch.manual_seed(0)
    return MODELS.build(cfg).train()


@pytest.mark.parametrize('loss', ['pose', 'betas', 'vertices', 'keypoints2d', 'keypoints3d'])
def test_every_roi_learns_from_every_body_loss(loss):
    model = build(mesh_from='roi', fusion={'score': 'none'})
    batch, seen = small_batch(model.head.num_rois), []
    model.head.joint_decoder.register_forward_hook(lambda *a: seen.append(a[2]))
    value = model(**batch, mode='loss')[f'loss_{loss}']
    state = seen[0]
    group = 'betas' if loss == 'betas' else 'pose'
    (gradient,) = torch.autograd.grad(value, state[group])
    assert gradient.shape[:2] == (2, model.head.num_rois)
    assert (gradient.abs().sum((0, 2)) > 0).all()


def test_it_is_the_mean_over_the_rois_as_persons():
    model = build(mesh_from='roi', fusion={'score': 'none'}).eval()
    batch = small_batch(model.head.num_rois)
    together = model(**batch, mode='loss')
    single = build(mesh_from='roi', fusion={'score': 'none'}, num_rois=1).eval()
    single.load_state_dict(model.state_dict())
    found = []
    for m in range(model.head.num_rois):
        part = {k: v[:, m : m + 1] if k in ('img', 'rois') else v for k, v in batch.items()}
        found.append(single(**part, mode='loss'))
    for name, value in together.items():
        mean = torch.stack([losses[name] for losses in found]).mean()
        torch.testing.assert_close(value, mean, rtol=1e-4, atol=1e-5)


def test_the_prediction_is_that_of_roi_0():
    model = build(mesh_from='roi', fusion={'score': 'none'}).eval()
    batch = small_batch(model.head.num_rois)
    out = model(**batch)
    assert out['pred_pose'].shape == (2, 24, 3, 3) and 'roi_pose' not in out
    swapped = {**batch, 'img': batch['img'].flip(1), 'rois': batch['rois'].flip(1)}
    assert not torch.allclose(model(**swapped)['pred_pose'], out['pred_pose'])
