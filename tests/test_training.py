"""Training through the command line tools: overfitting, killing and resuming, testing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from torch.utils.data import DataLoader, Subset, default_collate

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.evaluation.metrics.human_mesh_metric import HumanMeshMetric
from mroi_plugin.registry import MODELS

CONFIG = str(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py')
SHORT = [
    'train_dataloader.batch_size=8',
    'val_dataloader.batch_size=8',
    'train_dataloader.num_workers=2',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'train_cfg.max_epochs=3',
    'train_cfg.val_interval=3',
    'default_hooks.logger.interval=1',
    'log_processor.window_size=1',
]


def command(tool, *arguments):
    return [sys.executable, str(ROOT / 'tools' / tool), CONFIG, *map(str, arguments)]


def run(cwd, tool, *arguments):
    done = subprocess.run(
        command(tool, *arguments), cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def losses_of(work_dir):
    """Loss by training step, from the machine-readable logs of all runs in a work dir."""
    losses = {}
    for log in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in log.read_text().splitlines():
            entry = json.loads(line)
            if 'loss' in entry:
                losses[entry['step']] = entry['loss']
    return losses


def kill_after(process, file):
    """Kill a training without warning once it has written a checkpoint."""
    deadline = time.time() + 200
    while not file.exists():
        assert process.poll() is None and time.time() < deadline, 'no checkpoint appeared'
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_train_kill_resume_test(workspace, tmp_path):
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    run(workspace, 'train.py', '--work-dir', whole, '--cfg-options', *SHORT)
    process = subprocess.Popen(
        command('train.py', '--work-dir', killed, '--cfg-options', *SHORT),
        cwd=workspace,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    kill_after(process, killed / 'last_checkpoint')
    assert not (killed / 'epoch_3.pth').exists()
    log = run(workspace, 'train.py', '--work-dir', killed, '--resume', '--cfg-options', *SHORT)
    assert 'resumed epoch' in log
    expected, found = losses_of(whole), losses_of(killed)
    assert len(expected) == 12 and found == expected

    metrics = tmp_path / 'metrics.json'
    run(
        workspace,
        *('test.py', whole / 'epoch_3.pth', '--out', metrics, '--work-dir', tmp_path / 'test'),
        *('--num-show', '2'),
    )
    written = json.loads(metrics.read_text())
    assert 0 < written['mesh/pa_mpjpe'] <= written['mesh/mpjpe'] < 1000
    assert written['mesh/frames'] == 8 and written['mesh/camera_residual_px'] >= 0
    assert len(list((tmp_path / 'test' / 'pictures').glob('*.jpg'))) == 3


@pytest.fixture
def eight_persons(in_workspace):
    cfg = Config.fromfile(CONFIG).train_dataloader.dataset
    steps = {name: step for name, step in cfg.pipeline.items() if name not in ('augment', 'noise')}
    options = {key: value for key, value in cfg.items() if key not in ('type', 'pipeline')}
    return Subset(MultiRoIHumanDataset(**options, pipeline=steps), range(8))


def test_overfits_eight_persons(eight_persons):
    """Capacity and gradients suffice to memorize: PA-MPJPE below 40 mm within a minute."""
    torch.manual_seed(0)
    cfg = Config.fromfile(CONFIG)
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    batch = next(iter(DataLoader(eight_persons, batch_size=8, collate_fn=default_collate)))
    data = model.data_preprocessor(batch, training=True)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=120)
    for _ in range(120):
        optimizer.zero_grad()
        sum(model(**data, mode='loss').values()).backward()
        optimizer.step()
        schedule.step()
    metric = HumanMeshMetric(cfg.val_evaluator.body_model)
    metric.process(batch, model(**data, mode='predict'))  # batch statistics, as it was trained
    errors = metric.evaluate(8)
    assert errors['mesh/pa_mpjpe'] < 40, errors
