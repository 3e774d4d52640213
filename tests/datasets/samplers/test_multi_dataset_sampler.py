"""Proportions, order and ranks of the mixture, and epochs resumed in their middle."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mroi_plugin.apis.train import train
from mroi_plugin.datasets.samplers import multi_dataset_sampler as mixing_sampler
from mroi_plugin.datasets.samplers.multi_dataset_sampler import MultiDatasetSampler

SIZES = {'large': 900, 'small': 30, 'unused': 50}


def mixture(**options):
    parts = [range(size) for size in SIZES.values()]
    dataset = SimpleNamespace(names=list(SIZES), datasets=parts)
    options = {
        'probabilities': {'large': 3, 'small': 1},
        'epoch_length': 2000,
        'seed': 7,
        **options,
    }
    return MultiDatasetSampler(dataset, **options)


def part_of(indices):
    bounds = np.cumsum(list(SIZES.values()))
    return np.searchsorted(bounds, np.asarray(indices), side='right')


def test_proportions_are_the_probabilities():
    order = list(mixture())
    counts = np.bincount(part_of(order), minlength=3)
    assert len(order) == 2000 and counts[2] == 0
    assert counts[0] / 2000 == pytest.approx(0.75, abs=0.04)


def test_nobody_comes_twice_before_everybody_came_once():
    order = np.array(list(mixture()))
    small = order[part_of(order) == 1]
    for start in range(0, len(small) - len(small) % 30, 30):
        assert len(set(small[start : start + 30])) == 30


def test_the_order_is_a_function_of_seed_and_epoch():
    sampler = mixture()
    first = list(sampler)
    assert list(sampler) == first == list(mixture())
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert list(mixture(seed=8)) != first


@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_share_the_epoch(world_size, monkeypatch):
    whole = mixture().order()
    dealt = []
    for rank in range(world_size):
        monkeypatch.setattr(mixing_sampler, 'get_dist_info', lambda r=rank: (r, world_size))
        sampler = mixture()
        dealt.append(list(sampler))
        assert len(dealt[-1]) == len(sampler) == -(-2000 // world_size)
    together = np.stack(dealt, 1).ravel()
    if world_size == 2:
        np.testing.assert_array_equal(together, whole)
    assert len(together) - 2000 < world_size


def test_it_starts_anywhere():
    sampler = mixture()
    whole = list(sampler)
    sampler.start_at(1234)
    assert list(sampler) == whole[1234:] and len(sampler) == 2000 - 1234


@pytest.mark.parametrize(
    'options',
    [
        {'probabilities': {'huge': 1}},
        {'probabilities': {'large': -1, 'small': 2}},
        {'probabilities': {'large': 0}},
        {'probabilities': {}},
        {'shuffle': False},
    ],
)
def test_bad_options_are_named(options):
    with pytest.raises(ValueError, match='MultiDatasetSampler'):
        mixture(**options)


CONFIG = """
_base_ = ['{base}']

train_dataloader = dict(
    batch_size=4,
    drop_last=False,
    sampler=dict(
        _delete_=True, type='MultiDatasetSampler', probabilities=dict(a=1, b=3), epoch_length=24
    ),
    dataset=dict(
        _delete_=True,
        type='ConcatHumanDataset',
        datasets=dict(
            a=dict(ann_file='data/synthetic/preprocessed_datasets/synthetic_train.npz'),
            b=dict(ann_file='data/synthetic/preprocessed_datasets/synthetic_test.npz'),
        ),
        image_dir='data/synthetic/datasets/synthetic',
        body_model={{{{_base_.body}}}},
        pipeline={{{{_base_.train_pipeline}}}},
    ),
)
model = dict(head=dict(hidden_channels=(16, 16), dropout=0.3))
train_cfg = dict(type='ResumableEpochLoop', max_epochs=2, val_interval=9)
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=2, max_keep_ckpts=-1, save_best=None, save_last=False)
)
"""


def test_a_run_killed_within_an_epoch_repeats_the_undisturbed_one(repo, in_workspace, tmp_path):
    """6 iterations an epoch: resuming within epoch 1, at its very end, and within epoch 2."""
    config = tmp_path / 'mixed.py'
    config.write_text(CONFIG.format(base=repo / 'configs' / 'mroi' / 'mroi_synthetic.py'))
    train(str(config), str(tmp_path / 'whole'))
    expected = torch.load(tmp_path / 'whole' / 'iter_12.pth', weights_only=False)
    for iteration in (4, 6, 8):
        folder = tmp_path / f'from_{iteration}'
        resume = str(tmp_path / 'whole' / f'iter_{iteration}.pth')
        train(str(config), str(folder), resume=resume)
        found = torch.load(folder / 'iter_12.pth', weights_only=False)
        torch.testing.assert_close(found['state_dict'], expected['state_dict'], rtol=0, atol=0)


def test_a_sampler_that_cannot_start_there_is_named(repo, in_workspace, tmp_path):
    config = tmp_path / 'plain.py'
    text = CONFIG.format(base=repo / 'configs' / 'mroi' / 'mroi_synthetic.py')
    start, end = text.index('    sampler=dict('), text.index('    dataset=dict(')
    config.write_text(text[:start] + text[end:])
    train(str(config), str(tmp_path / 'whole'), options=['train_cfg.max_epochs=1'])
    with pytest.raises(TypeError, match='MultiDatasetSampler'):
        resume = str(tmp_path / 'whole' / 'iter_4.pth')
        train(str(config), str(tmp_path / 'rest'), resume=resume)
