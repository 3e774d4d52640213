"""Steps of several iterations that a checkpoint cuts in two go on as if it had not been."""

from __future__ import annotations

import shutil

import pytest
import torch
from tiny_training import CONFIG, write_config

from mroi_plugin import apis
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.torch_files import read_torch

EVERY = 'default_hooks.checkpoint.max_keep_ckpts=9'
STEPS = 'optim_wrapper.accumulative_counts={}'
BY_ITERATION = ('default_hooks.checkpoint.by_epoch=False', 'default_hooks.checkpoint.interval=1')


def resumed(tmp_path, config, name, *options):
    """A run's last checkpoint, and the one of a run that went on from a checkpoint of it."""
    apis.train(config, work_dir=str(tmp_path / 'whole'), epochs=2, options=options)
    (tmp_path / 'cut').mkdir()
    shutil.copy(tmp_path / 'whole' / name, tmp_path / 'cut' / name)
    apis.train(config, str(tmp_path / 'cut'), resume='auto', epochs=2, options=options)
    last = (tmp_path / 'whole' / 'last_checkpoint').read_text().split('/')[-1]
    return (read_torch(str(tmp_path / run / last)) for run in ('whole', 'cut'))


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return one == other


@pytest.mark.parametrize(
    'name, options',
    [
        ('epoch_1.pth', (STEPS.format(3),)),  # of four iterations
        ('epoch_1.pth', (STEPS.format(2),)),
        ('iter_5.pth', (STEPS.format(3), *BY_ITERATION, 'train_cfg.type=ResumableEpochLoop')),
    ],
)
def test_no_gradient_is_lost(in_workspace, tmp_path, name, options):
    sampler = "sampler=dict(_delete_=True, type='MultiDatasetSampler', probabilities='by_size')"
    text = CONFIG.replace('batch_size=8', f'batch_size=8, {sampler}')
    config = write_config(tmp_path, text)
    whole, cut = resumed(tmp_path, config, name, EVERY, *options)
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert same(whole[part], cut[part]), part


def test_a_step_that_was_begun_otherwise_is_refused(in_workspace, tmp_path):
    config = write_config(tmp_path)
    work_dir = str(tmp_path / 'run')
    apis.train(config, work_dir=work_dir, epochs=2, options=(STEPS.format(3),))
    path = f'{work_dir}/epoch_1.pth'
    with pytest.raises(UsageError, match="within a step .*accumulative_counts was {'': 3}, now"):
        apis.train(config, work_dir, resume=path, epochs=2, options=(STEPS.format(2),))
    content = read_torch(path)
    content['accumulation']['gradients'] *= 2
    torch.save(content, path)
    with pytest.raises(UsageError, match='trained by 2 processes, now 1'):
        apis.train(config, work_dir, resume=path, epochs=2, options=(STEPS.format(3),))
