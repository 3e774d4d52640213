"""Persons beside drawn poses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mroi_plugin.datasets.adversarial import AdversarialHumanDataset
from mroi_plugin.datasets.annotations import read_poses

FILES = 'data/synthetic/preprocessed_datasets/synthetic_{}.npz'


def config(kind='MultiRoIHumanDataset'):
    shared = {
        'image_dir': 'data/synthetic/datasets/synthetic',
        'pipeline': [
            {'type': 'LoadImage'},
            {'type': 'MultiRoICrop', 'crop_size': (16, 16), 'num_rois': 1},
            {'type': 'PackMultiRoIInputs'},
        ],
    }
    if kind == 'MultiRoIHumanDataset':
        return {'type': kind, 'ann_file': FILES.format('train'), **shared}
    parts = {name: {'ann_file': FILES.format(name)} for name in ('train', 'test')}
    return {'type': kind, 'datasets': parts, **shared}


@pytest.mark.parametrize('kind', ['MultiRoIHumanDataset', 'ConcatHumanDataset'])
def test_the_drawn_pose_is_one_of_the_file_and_repeats_with_the_epoch(kind, in_workspace):
    data = AdversarialHumanDataset(config(kind), FILES.format('test'))
    poses = read_poses(FILES.format('test'))['smpl_body_pose'].reshape(-1, 69)

    def drawn(epoch):
        data.set_epoch(epoch, seed=3)
        return np.stack([data[i]['adv_smpl_body_pose'].numpy() for i in range(len(data))])

    first, again, other = drawn(0), drawn(0), drawn(1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert all((poses == pose).all(1).any() for pose in first)
    assert len(np.unique(first, axis=0)) > 3


def test_the_person_stays_as_it_is(in_workspace):
    data = AdversarialHumanDataset(config(), FILES.format('test'))
    sample, plain = data[4], data.dataset[4]
    for name, value in plain.items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(sample[name], value)
    assert {name: tuple(sample[name].shape) for name in sample if name.startswith('adv_')} == {
        'adv_smpl_transl': (3,),
        'adv_smpl_global_orient': (3,),
        'adv_smpl_body_pose': (69,),
        'adv_smpl_betas': (10,),
    }


def test_a_file_without_poses_is_named(in_workspace, tmp_path):
    path = tmp_path / 'empty.npz'
    np.savez(path, image_path=np.array(['a.jpg']), bbox_xywh=np.ones((1, 5)))
    with pytest.raises(ValueError, match=r'empty.npz'):
        AdversarialHumanDataset(config(), str(path))
    with pytest.raises(FileNotFoundError, match=r'gone.npz'):
        AdversarialHumanDataset(config(), 'gone.npz')
