"""The report is right, and training goes on as if it had not been."""

from __future__ import annotations

import json

import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from test_configs import small_batch
from tiny_training import write_config

from mroi_plugin.apis.train import train
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.hooks.gradient_report_hook import (
    BODY,
    GradientReportHook,
    gradient_norms,
    report,
)
from mroi_plugin.registry import MODELS


def losses_of(work_dir):
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return [entry['loss'] for entry in entries if 'loss' in entry], entries


def test_training_goes_on_as_if_it_had_not_been(in_workspace, tmp_path, capsys):
    plain, told = tmp_path / 'plain', tmp_path / 'told'
    train(write_config(tmp_path), str(plain))
    train(write_config(tmp_path), str(told), report_gradients=3)
    expected, found = losses_of(plain)[0], losses_of(told)[0]
    assert len(expected) == 4 and found == expected
    scalars = [e for e in losses_of(told)[1] if any(k.startswith('gradient/') for k in e)]
    assert len(scalars) == 3 and scalars[0]['gradient/loss_pose'] > 0
    (log,) = told.glob('*/*.log')
    assert 'mean of 3 iterations' in log.read_text() and 'losses of the body' in log.read_text()


def test_norms_are_those_of_each_loss_alone():
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    torch.manual_seed(0)
    model = MODELS.build(cfg).eval()
    batch = small_batch(model.head.num_rois)
    norms = gradient_norms(model, batch)
    assert all(p.grad is None for p in model.parameters())
    assert set(norms) == {f'loss_{name}' for name in model.losses}
    for name in ('loss_pose', 'loss_camera'):
        model.zero_grad()
        model(**model.data_preprocessor(dict(batch), True), mode='loss')[name].backward()
        grads = [p.grad for p in model.backbone.parameters() if p.grad is not None]
        expected = torch.cat([g.double().flatten() for g in grads]).norm().item()
        assert norms[name] == pytest.approx(expected, rel=1e-4)


def test_shares_add_up():
    text = report([{'loss_pose': 1.0, 'loss_camera': 3.0}, {'loss_pose': 1.0, 'loss_camera': 3.0}])
    lines = text.splitlines()
    assert lines[1].split() == ['loss_camera', '3', '75.0%']
    assert lines[2].split() == ['loss_pose', '1', '25.0%']
    assert lines[3].split() == ['losses', 'of', 'the', 'body', '1', '25.0%']


def test_no_step_is_no_report():
    with pytest.raises(ValueError, match='iterations=0'):
        GradientReportHook(0)


@pytest.mark.parametrize('config', ['mroi_synthetic', 'cliff_synthetic'])
def test_the_body_trains_the_network_from_the_first_step(in_workspace, config):
    """Over the first batches the losses of the body send the larger part of the gradient."""
    cfg = load_config(config, 'unused')
    torch.manual_seed(0)
    cfg.train_dataloader.update(
        num_workers=0, persistent_workers=False, batch_size=16, drop_last=False
    )
    model = MODELS.build(cfg.model).train()
    with DefaultScope.overwrite_default_scope('mroi_plugin'):
        loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    found = [gradient_norms(model, batch) for batch, _ in zip(loader, range(4))]
    body = sum(step[name] for step in found for name in BODY)
    assert body > 0.5 * sum(sum(step.values()) for step in found)
