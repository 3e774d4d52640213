"""Epochs of a run that is resumed with other batches: whole ones, or none at all."""

from __future__ import annotations

import json

import pytest
from tiny_training import CONFIG, write_config

from mroi_plugin import apis
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.torch_files import read_torch

RESUMABLE = (
    CONFIG
    + """
train_dataloader = dict(
    batch_size=8,
    persistent_workers=False,
    sampler=dict(_delete_=True, type='MultiDatasetSampler', probabilities='by_size'),
)
train_cfg = dict(type='ResumableEpochLoop', max_epochs=2)
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(save_best=None, max_keep_ckpts=9))
"""
)
WITHIN = ('default_hooks.checkpoint.by_epoch=False', 'default_hooks.checkpoint.interval=3')


def batch(size):
    return f'train_dataloader.batch_size={size}'


def begin(folder, config, *options):
    """A run of two epochs of four iterations, done."""
    apis.train(config, work_dir=str(folder / 'begun'), options=options)


def resume(folder, config, checkpoint, *options):
    """Go on from a checkpoint in a new folder; returns iterations trained and the last meta."""
    work_dir = folder / f'resumed{len(list(folder.iterdir()))}'
    path = str(folder / 'begun' / checkpoint)
    apis.train(config, work_dir=str(work_dir), resume=path, options=options)
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    steps = [json.loads(line)['step'] for line in log.read_text().splitlines()]
    last = (work_dir / 'last_checkpoint').read_text()
    return steps, read_torch(last)['meta']


@pytest.mark.parametrize('size, left', [(16, 2), (4, 8), (8, 4), (12, 3)])
def test_from_the_end_of_an_epoch_the_next_is_whole(in_workspace, tmp_path, size, left):
    config = write_config(tmp_path, RESUMABLE)
    begin(tmp_path, config)
    steps, meta = resume(tmp_path, config, 'epoch_1.pth', batch(size))
    left = left - (size == 12)  # which drops the last
    assert steps == list(range(5, 5 + left))
    assert (meta['epoch'], meta['iter']) == (2, 4 + left)


def test_within_an_epoch_other_batches_are_refused(in_workspace, tmp_path):
    config = write_config(tmp_path, RESUMABLE)
    begin(tmp_path, config, *WITHIN)
    assert resume(tmp_path, config, 'iter_3.pth', *WITHIN)[0] == [4, 5, 6, 7, 8]
    for size in (4, 16):
        told = rf'within epoch 1 .*batch_size 8, now {size};.*end of an epoch'
        with pytest.raises(UsageError, match=told):
            resume(tmp_path, config, 'iter_3.pth', batch(size))


def test_an_epoch_begun_with_other_batches_goes_on(in_workspace, tmp_path):
    """Iterations before it had another number of persons."""
    config = write_config(tmp_path, RESUMABLE)
    begin(tmp_path, config)
    every = (WITHIN[0], 'default_hooks.checkpoint.interval=1', batch(4))
    resume(tmp_path, config, 'epoch_1.pth', *every)
    (tmp_path / 'begun').rename(tmp_path / 'first')
    next(tmp_path.glob('resumed*')).rename(tmp_path / 'begun')
    assert resume(tmp_path, config, 'iter_6.pth', *every)[0] == list(range(7, 13))
