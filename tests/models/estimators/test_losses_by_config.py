"""Losses of an estimator: added, replaced and removed by config, each called alike."""

from __future__ import annotations

import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from test_configs import small_batch
from torch import nn

from mroi_plugin.registry import MODELS


@MODELS.register_module(force=True)
class OnesLoss(nn.Module):
    """A loss that keeps what it was called with."""

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, outputs, batch):
        self.seen = set(outputs), set(batch)
        return self.loss_weight * outputs['pred_betas'].square().mean()


def losses(**changes):
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    cfg.losses.update(changes)
    torch.manual_seed(0)
    model = MODELS.build(cfg).train()
    return model, model(**small_batch(model.head.num_rois), mode='loss')


BASE = {'pose', 'betas', 'keypoints2d', 'keypoints3d', 'vertices', 'camera', 'contrastive'}


def names(found):
    return {name.removeprefix('loss_') for name in found}


def test_the_method_has_its_losses():
    assert names(losses()[1]) == BASE


def test_one_is_added_and_sees_everything():
    model, found = losses(prior={'type': 'OnesLoss', 'loss_weight': 2.0})
    assert names(found) == {*BASE, 'prior'} and found['loss_prior'] > 0
    outputs, batch = model.losses.prior.seen
    assert outputs >= {'pred_pose', 'pred_betas', 'pred_cam', 'pred_cam_full', 'pred_vertices'}
    assert batch >= {'rois', 'keypoints2d', 'has_smpl', 'target_pose', 'target_vertices'}


def test_the_weight_is_the_losses_own():
    one, three = (losses(prior={'type': 'OnesLoss', 'loss_weight': w})[1] for w in (1.0, 3.0))
    torch.testing.assert_close(three['loss_prior'], 3 * one['loss_prior'])
    torch.testing.assert_close(three['loss_pose'], one['loss_pose'])


def test_one_is_replaced():
    _, found = losses(betas={'type': 'OnesLoss'})
    assert names(found) == BASE
    assert found['loss_betas'] != losses()[1]['loss_betas']


@pytest.mark.parametrize('name', sorted(BASE))
def test_one_is_removed(name):
    assert names(losses(**{name: None})[1]) == BASE - {name}


@pytest.mark.parametrize('given', [{'loss_weight': 1.0}, 'OnesLoss', 3])
def test_what_is_no_loss_is_refused_by_its_key(given):
    with pytest.raises(ValueError, match=r'model\.losses\.prior='):
        losses(prior=given)


def test_channels_are_those_of_the_backbone():
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    assert 'in_channels' not in cfg.head
    right = MODELS.build(cfg).head.in_channels
    cfg.head.in_channels = right
    MODELS.build(cfg)
    cfg.head.in_channels = right + 1
    with pytest.raises(ValueError, match=rf'in_channels={right + 1}.*{right} channels'):
        MODELS.build(cfg)


@MODELS.register_module(force=True)
class FixedSizeBackbone(nn.Module):
    """A backbone that takes crops of 72x96 alone and does not say how wide it is."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.layer = nn.Linear(3 * 96 * 72, channels)

    def forward(self, x):
        return self.layer(x.flatten(1))


def test_a_backbone_of_one_size_needs_the_number():
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    cfg.backbone = {'type': 'FixedSizeBackbone'}
    with pytest.raises(ValueError, match=r'set model\.head\.in_channels'):
        MODELS.build(cfg)
    cfg.head.in_channels = 8
    assert MODELS.build(cfg).head.in_channels == 8


def test_a_batch_without_smpl_is_supervised_by_what_it_has():
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    cfg.losses = {name: cfg.losses[name] for name in ('keypoints2d', 'camera')}
    model = MODELS.build(cfg).train()
    batch = small_batch(model.head.num_rois)
    kept = {key: value for key, value in batch.items() if 'smpl' not in key}
    assert names(model(**kept, mode='loss')) == {'keypoints2d', 'camera'}
