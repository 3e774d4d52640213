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
    measured_part,
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
    step = {'loss_pose': 1.0, 'loss_camera': 3.0}
    text = report([step, step], 'the backbone')
    lines = text.splitlines()
    assert lines[1].split() == ['loss_camera', '3', '75.0%']
    assert lines[2].split() == ['loss_pose', '1', '25.0%']
    assert lines[3].split() == ['losses', 'of', 'the', 'body', '1', '25.0%']


def test_a_frozen_backbone_is_not_measured():
    model = MODELS.build(Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model)
    model.eval().backbone.requires_grad_(False)
    where, trained = measured_part(model)
    assert where.startswith('the whole model') and len(trained) == len(
        [p for p in model.parameters() if p.requires_grad]
    )
    assert gradient_norms(model, small_batch(model.head.num_rois))['loss_pose'] > 0


def test_the_backbone_of_an_architecture_is_measured_where_it_is_trained(in_workspace, tmp_path):
    options = ('train_dataloader.batch_size=8', 'val_dataloader=None', 'val_cfg=None',
               'val_evaluator=None', 'default_hooks.checkpoint.save_best=None')  # fmt: skip
    run = train('hmr_synthetic', str(tmp_path), options=options, epochs=1, report_gradients=1)
    (log,) = tmp_path.glob('*/*.log')
    assert 'gradient norms on the whole model, for no backbone is trained' in log.read_text()
    norms = {name: v for entry in losses_of(tmp_path)[1] for name, v in entry.items()}
    assert sum(value for name, value in norms.items() if name.startswith('gradient/')) > 0
    run.model.architecture.backbone.requires_grad_(True)
    assert measured_part(run.model)[0] == 'the architecture.backbone'


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
