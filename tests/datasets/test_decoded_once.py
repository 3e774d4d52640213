"""Persons of one image share its pixels, and get the crops that they have alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mroi_plugin.datasets.annotation_file import read_human_data, write_human_data
from mroi_plugin.datasets.samplers.multi_dataset_sampler import MultiDatasetSampler
from mroi_plugin.datasets.transforms import encoded_image
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import DATASETS


@pytest.fixture
def dataset(in_workspace, tmp_path):
    """The synthetic people, as if they were in every third of their images."""
    config = load_config('mroi_synthetic').train_dataloader.dataset
    table = read_human_data(config.ann_file)
    names = table['image_path']
    table['image_path'] = [names[i // 3 * 3] for i in range(len(names))]
    for name in ('image_width', 'image_height'):
        table[name] = table[name][np.arange(len(names)) // 3 * 3]
    config.ann_file = str(tmp_path / 'groups.npz')
    write_human_data(config.ann_file, table)
    return DATASETS.build(config)


@pytest.fixture
def decoded(monkeypatch):
    """Names and reductions of the images that are decoded, one after another."""
    names, decode = [], encoded_image.EncodedImage.decode

    def counted(self, reduction=1):
        names.append((self.sample['image_path'], reduction))
        return decode(self, reduction)

    monkeypatch.setattr(encoded_image.EncodedImage, 'decode', counted)
    return names


def test_one_decode_serves_all_persons_of_an_image(dataset, decoded):
    order = list(MultiDatasetSampler(dataset, 'by_size', seed=0, group_by_image=True))
    images = dataset.images()
    assert sorted(order) == list(range(len(dataset))) and np.bincount(images).max() == 3
    for index in order:
        dataset[index]
    # Crops of a large and a small person may need different reductions.
    assert len(decoded) == len(set(decoded)) < 0.6 * len(order)
    assert len({name for name, _ in decoded}) == images.max() + 1


def test_samples_do_not_depend_on_what_was_loaded_before(dataset):
    indices = list(range(9))
    together = [dataset[i] for i in indices]
    for index, sample in zip(reversed(indices), reversed(together)):
        dataset.pipeline.transforms[0]._last = None
        alone = dataset[index]
        assert alone['img'].equal(sample['img'])


def test_an_image_that_has_changed_is_read_anew(dataset, tmp_path):
    first, other = (dataset.raw_sample(i) for i in (0, 5))
    path = tmp_path / 'image.jpg'
    found = []
    for sample in (first, other):
        path.write_bytes(Path(sample['image_path']).read_bytes())
        changed = {**first, 'image_path': str(path), 'image_size': sample['image_size']}
        loaded = dataset.pipeline.transforms[0](changed)
        found.append(loaded['image'].decode())
    assert not np.array_equal(*found)
