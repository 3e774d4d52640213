"""Proportions, order and ranks of the mixture, and epochs resumed in their middle."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mroi_plugin.apis.train import train
from mroi_plugin.datasets.samplers import multi_dataset_sampler as mixing_sampler
from mroi_plugin.datasets.samplers.multi_dataset_sampler import MultiDatasetSampler
from mroi_plugin.utils.config_files import find_config

SIZES = {'large': 900, 'small': 30, 'unused': 50}


class Parts(SimpleNamespace):
    """Data sets of some sizes, by name, one after another."""

    def __init__(self, sizes):
        super().__init__(names=list(sizes), datasets=[range(size) for size in sizes.values()])

    def __len__(self):
        return sum(map(len, self.datasets))


def mixture(**options):
    dataset = Parts(SIZES)
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


def test_a_group_shares_its_probability_by_size():
    sampler = mixture(probabilities={'large': 1, 'rest': 3}, groups={'rest': ['small', 'unused']})
    shares = np.bincount(part_of(list(sampler)), minlength=3) / 2000
    np.testing.assert_allclose(shares, [0.25, 0.75 * 30 / 80, 0.75 * 50 / 80], atol=0.04)


def test_by_size_draws_everybody_equally_often():
    sampler = mixture(probabilities='by_size', epoch_length=None, groups={'rest': ['small']})
    assert len(sampler) == 980
    np.testing.assert_allclose(sampler.probabilities, np.array([900, 30, 50]) / 980)


@pytest.mark.parametrize('name', ['mroi_resnet50', 'mroi_hrnet48', 'cliff_resnet50'])
def test_the_papers_recipe_is_mixed_as_spins(name):
    """An epoch of data sets a hundredth as large as the real ones, in the shares of SPIN."""
    sizes = {'h36m': 3122, 'mpi_inf_3dhp': 965, 'coco': 283, 'mpii': 148}
    cfg = Config.fromfile(find_config(name))
    assert list(cfg.train_dataloader.dataset.datasets) == list(sizes)
    options = {k: v for k, v in cfg.train_dataloader.sampler.items() if k != 'type'}
    sampler = MultiDatasetSampler(Parts(sizes), **options, seed=0)
    bounds = np.cumsum(list(sizes.values()))
    which = np.searchsorted(bounds, list(sampler), side='right')
    shares = dict(zip(sizes, np.bincount(which, minlength=4) / len(sampler)))
    print(name, {key: round(float(share), 3) for key, share in shares.items()})
    assert shares['h36m'] == pytest.approx(0.3, abs=0.02)
    assert shares['mpi_inf_3dhp'] == pytest.approx(0.1, abs=0.02)
    assert shares['coco'] == pytest.approx(0.6 * 283 / 431, abs=0.02)
    assert shares['mpii'] == pytest.approx(0.6 * 148 / 431, abs=0.02)


@pytest.mark.parametrize('name', ['mroi_resnet50_pw3d_ft', 'mroi_hrnet48_pw3d_ft'])
def test_one_data_set_needs_no_mixture(name):
    loader = Config.fromfile(find_config(name)).train_dataloader
    assert list(loader.dataset.datasets) == ['pw3d'] and loader.sampler.type == 'DefaultSampler'


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


class Grouped:
    """A data set of persons in images: the number of the image of every person."""

    def __init__(self, size, seed):
        people = np.random.default_rng(seed).integers(1, 6, size)
        self.of = np.random.default_rng(seed + 1).permutation(np.repeat(np.arange(size), people))

    def images(self):
        return self.of

    def __len__(self):
        return len(self.of)


def groups(**options):
    sizes = {'large': 400, 'small': 20, 'unused': 9}
    dataset = SimpleNamespace(names=[*sizes], datasets=[Grouped(n, n) for n in sizes.values()])
    options = {
        'probabilities': {'large': 3, 'small': 1},
        'epoch_length': 1500,
        'seed': 7,
        'group_by_image': True,
        **options,
    }
    return dataset.datasets, MultiDatasetSampler(dataset, **options)


def image_of(parts, order):
    offsets = np.cumsum([0, *map(len, parts)])
    part = np.searchsorted(offsets, order, side='right') - 1
    return part, np.array([parts[p].of[i - offsets[p]] for p, i in zip(part, order)])


def test_persons_of_an_image_follow_each_other():
    parts, sampler = groups()
    order = np.array(list(sampler))
    assert len(order) == len(sampler) == 1500
    part, image = image_of(parts, order)
    starts = 1 + np.flatnonzero((np.diff(part) != 0) | (np.diff(image) != 0))
    runs = np.split(np.arange(1500), starts)
    seen = [(part[run[0]], image[run[0]]) for run in runs]
    whole = [len(run) == (parts[p].of == i).sum() for run, (p, i) in zip(runs, seen)]
    assert sum(not full for full in whole) <= 2  # where a data set's share ends
    assert np.bincount(part, minlength=3)[2] == 0
    assert (part == 0).mean() == pytest.approx(0.75, abs=0.04)
    # The data sets are mixed from the start to the end, and their images are in no order.
    halves = [(half == 0).mean() for half in np.split(part, 2)]
    assert halves == pytest.approx([0.75, 0.75], abs=0.06)
    first = [i for p, i in seen if p == 0]
    assert abs(np.corrcoef(np.arange(len(first)), first)[0, 1]) < 0.15


def test_by_image_nobody_comes_twice_before_everybody_came_once():
    parts, sampler = groups()
    order = np.array(list(sampler))
    part, _ = image_of(parts, order)
    size = len(parts[1])
    small = order[part == 1]
    for start in range(0, len(small) - len(small) % size, size):
        assert len(set(small[start : start + size])) == size


def test_one_data_set_by_image_has_the_same_people_in_batches_of_nearly_the_same_statistics():
    dataset = Grouped(600, 0)
    height = np.random.default_rng(1).normal(size=len(dataset))  # of a person, whatever the image
    spread = {}
    for grouped in (False, True):
        sampler = MultiDatasetSampler(dataset, 'by_size', seed=3, group_by_image=grouped)
        means = []
        for epoch in range(5):
            sampler.set_epoch(epoch)
            order = list(sampler)
            assert sorted(order) == list(range(len(dataset)))
            batches = np.array(order[: len(order) // 32 * 32]).reshape(-1, 32)
            means.append(height[batches].mean(1))
        spread[grouped] = np.concatenate(means).std()
    assert spread[True] == pytest.approx(spread[False], rel=0.15)


def test_ranks_have_images_of_their_own(monkeypatch):
    dealt = []
    for rank in range(2):
        monkeypatch.setattr(mixing_sampler, 'get_dist_info', lambda r=rank: (r, 2))
        parts, sampler = groups(epoch_length=1501)
        dealt.append(list(sampler))
        assert len(dealt[-1]) == len(sampler) == 751
        start = len(dealt[-1]) // 3
        sampler.start_at(start)
        assert list(sampler) == dealt[-1][start:]
    np.testing.assert_array_equal(np.concatenate(dealt), sampler.order())
    runs = [tuple(map(tuple, zip(*image_of(parts, np.array(own))))) for own in dealt]
    changes = [sum(a != b for a, b in zip(run, run[1:])) for run in runs]
    assert max(changes) < 751 / 2  # about three people an image


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
        {'probabilities': 'by_age'},
        {'groups': {'rest': ['small', 'huge']}},
        {'groups': {'small': ['unused']}},
        {'groups': {'rest': []}},
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
        body_model={{{{_base_.train_dataloader.dataset.body_model}}}},
        pipeline={{{{_base_.train_dataloader.dataset.pipeline}}}},
    ),
)
model = dict(head=dict(decoder=dict(hidden_channels=(16, 16), dropout=0.3)))
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
        options = ['train_cfg.max_epochs=1']
        train(str(config), str(tmp_path / 'rest'), resume=resume, options=options)
