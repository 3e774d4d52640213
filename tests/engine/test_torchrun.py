"""Processes of torchrun share a training and a test: with whole weights, and with parts of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from versions import needs_fully_shard

from mroi_plugin.apis.train import train
from mroi_plugin.engine.checkpoints import read_checkpoint

TINY = f"""
_base_ = [{str(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py')!r}]

model = dict(
    backbone=dict(base_channels=8, stem_channels=8),
    head=dict(in_channels=64, decoder=dict(hidden_channels=(32, 32), dropout=0.5)),
)
train_dataloader = dict(batch_size=8, persistent_workers=False)
train_cfg = dict(max_epochs=2, val_interval=1)
default_hooks = dict(logger=dict(interval=1))
log_processor = dict(window_size=1)
"""
SHARDED = """
runner_type = 'FlexibleRunner'
strategy = dict(type='mroi_plugin.FullyShardedStrategy', units=('BasicBlock',))
"""


def write(folder, name, text):
    path = folder / f'{name}.py'
    path.write_text(text)
    return str(path)


def torchrun(cwd, tool, *arguments):
    """Two processes of a tool; returns what they print."""
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
    command += [str(ROOT / 'tools' / tool), *map(str, arguments), '--launcher', 'pytorch']
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-6000:]
    return told


def validated(work_dir):
    """MPJPE by epoch, as the training has logged it."""
    lines = [json.loads(line) for log in work_dir.glob('*/vis_data/scalars.json')
             for line in log.read_text().splitlines()]  # fmt: skip
    return [line['mesh/mpjpe'] for line in lines if 'mesh/mpjpe' in line]


def results_of(work_dir):
    """Metrics, and a row per person."""
    metrics = json.loads((work_dir / 'metrics.json').read_text())
    return metrics, pd.read_csv(work_dir / 'per_sample.csv')


def same(first, second):
    """Whether two checkpoints hold the same weights and the same state of the optimizer."""
    first, second = read_checkpoint(str(first)), read_checkpoint(str(second))
    assert first.keys() == second.keys()
    weights, others = first['state_dict'], second['state_dict']
    states, other_states = first['optimizer']['state'], second['optimizer']['state']
    assert weights.keys() == others.keys() and states.keys() == other_states.keys()
    return all(weights[name].equal(others[name]) for name in weights) and all(
        torch.as_tensor(value).equal(torch.as_tensor(other_states[index][name]))
        for index, state in states.items()
        for name, value in state.items()
    )


def test_two_processes_are_one(workspace, tmp_path):
    config = write(tmp_path, 'tiny', TINY)
    torchrun(workspace, 'train.py', config, '--work-dir', tmp_path / 'run')
    checkpoint = tmp_path / 'run' / 'epoch_2.pth'
    assert len(list(tmp_path.glob('run/*/vis_data'))) == 1, 'one of them logs'

    torchrun(workspace, 'test.py', config, checkpoint, '--work-dir', tmp_path / 'two')
    one = [sys.executable, str(ROOT / 'tools' / 'test.py'), config, str(checkpoint)]
    subprocess.run(
        [*one, '--work-dir', str(tmp_path / 'one')], cwd=workspace, check=True, capture_output=True
    )

    (metrics, rows), (expected, expected_rows) = (
        results_of(tmp_path / 'two'),
        results_of(tmp_path / 'one'),
    )
    assert len(rows) == 8 and rows.sample_idx.tolist() == expected_rows.sample_idx.tolist()
    assert metrics['mesh/mpjpe'] == pytest.approx(expected['mesh/mpjpe'], abs=1e-3)
    pd.testing.assert_frame_equal(rows, expected_rows, rtol=1e-4)
    # What the training said of its last epoch is what the test finds.
    assert validated(tmp_path / 'run')[-1] == pytest.approx(expected['mesh/mpjpe'], abs=1e-2)


def test_a_step_that_two_processes_have_begun_goes_on(workspace, tmp_path):
    """Each with its own gradients: two iterations an epoch, three a step."""
    text = TINY + 'optim_wrapper = dict(accumulative_counts=3)\ntrain_cfg = dict(max_epochs=3)\n'
    config = write(tmp_path, 'accumulating', text)
    plain = ('--cfg-options', 'val_dataloader=None', 'val_cfg=None', 'val_evaluator=None',
             'default_hooks.checkpoint.save_best=None',
             'default_hooks.checkpoint.max_keep_ckpts=9')  # fmt: skip
    torchrun(workspace, 'train.py', config, '--work-dir', tmp_path / 'whole', *plain)
    first = tmp_path / 'whole' / 'epoch_1.pth'
    begun = read_checkpoint(str(first))['accumulation']['gradients']
    name = next(iter(begun[0]))
    assert len(begun) == 2 and not begun[0][name].equal(begun[1][name])
    resumed = ('--work-dir', tmp_path / 'cut', '--resume', first)
    torchrun(workspace, 'train.py', config, *resumed, *plain)
    assert same(*(tmp_path / run / 'epoch_3.pth' for run in ('whole', 'cut')))


@needs_fully_shard
def test_parts_of_weights_learn_what_whole_ones_do(workspace, tmp_path):
    whole, parts = write(tmp_path, 'whole', TINY), write(tmp_path, 'parts', TINY + SHARDED)
    torchrun(workspace, 'train.py', whole, '--work-dir', tmp_path / 'whole')
    torchrun(workspace, 'train.py', parts, '--work-dir', tmp_path / 'parts')
    assert same(tmp_path / 'parts' / 'epoch_2.pth', tmp_path / 'whole' / 'epoch_2.pth')
    assert validated(tmp_path / 'parts') == validated(tmp_path / 'whole')

    first = tmp_path / 'parts' / 'epoch_1.pth'
    torchrun(workspace, 'train.py', parts, '--work-dir', tmp_path / 'on', '--resume', first)
    assert same(tmp_path / 'parts' / 'epoch_2.pth', tmp_path / 'on' / 'epoch_2.pth')


@needs_fully_shard
def test_the_config_for_large_backbones(workspace, tmp_path):
    """Its runner and strategy, on a ViTPose with experts that fits a test."""
    transformers = pytest.importorskip('transformers')
    encoder = transformers.VitPoseBackboneConfig(
        image_size=[64, 48], patch_size=[16, 16], hidden_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_experts=2, part_features=8, out_features=['stage2'],
    )  # fmt: skip
    pose = transformers.VitPoseConfig(backbone_config=encoder, num_labels=17)
    transformers.VitPoseForPoseEstimation(pose).save_pretrained(tmp_path / 'encoder')
    large = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_vitpose_huge.py')
    config = f"""
model = dict(
    backbone=dict(_delete_=True, type='TransformersBackbone', pretrained='{tmp_path}/encoder',
                  checkpointing=True),
    head=dict(in_channels=32),
)
train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=dict(crop=dict(crop_size=(48, 64))))
)
val_dataloader = val_cfg = val_evaluator = None
train_cfg = dict(max_epochs=1)
default_hooks = dict(checkpoint=dict(save_best=None))
runner_type = {large.runner_type!r}
strategy = {large.strategy.to_dict()!r}
"""
    path = write(tmp_path, 'large', TINY + config)
    told = torchrun(workspace, 'train.py', path, '--work-dir', tmp_path / 'run')
    assert 'epoch 1/1, iteration 2/2: loss' in told
    weights = read_checkpoint(str(tmp_path / 'run' / 'epoch_1.pth'))['state_dict']
    assert weights['backbone.encoder.encoder.layer.0.mlp.experts.1.weight'].shape == (8, 128)


@pytest.mark.parametrize(
    ('more', 'launcher', 'message'),
    [
        ('', 'pytorch', 'torchrun starts, which sets RANK, WORLD_SIZE'),
        ('', 'slurm', 'srun starts, which sets SLURM_PROCID'),
        ('', 'mpi', "launcher='mpi': expected none, pytorch, slurm"),
        (SHARDED, 'none', 'start them with torchrun --nproc_per_node=N tools/train.py'),
    ],
)
def test_processes_that_nobody_started(in_workspace, tmp_path, more, launcher, message):
    config = write(tmp_path, 'tiny', TINY + more)
    with pytest.raises(ValueError, match=message):
        train(config, str(tmp_path / 'run'), launcher=launcher)


def test_slurm_without_accelerators(in_workspace, tmp_path, monkeypatch):
    for name in ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'):
        monkeypatch.setenv(name, '0')
    with pytest.raises(ValueError, match='slurm needs accelerators.* use torchrun'):
        train(write(tmp_path, 'tiny', TINY), str(tmp_path / 'run'), launcher='slurm')
