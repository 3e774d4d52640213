"""Boxes made of a center and a scale are what the longer side of the crop shows."""

from __future__ import annotations

import numpy as np
import pytest
from locations import ROOT
from mmengine.config import Config

from mroi_plugin.data_preparation.data_check.content import square_boxes
from mroi_plugin.datasets.annotation_file import read_human_data, write_human_data
from mroi_plugin.datasets.human_data import MultiRoIHumanDataset

STEPS = ({'type': 'LoadImage'}, {'type': 'PackMultiRoIInputs'})


@pytest.fixture
def files(in_workspace, tmp_path):
    """The folder of the images, and files with the same people in tight and in square boxes."""
    root = in_workspace / 'data' / 'synthetic'
    table = read_human_data(str(root / 'preprocessed_datasets' / 'synthetic_test.npz'))
    tight = np.array(table['bbox_xywh'])
    side = tight[:, 2:4].max(1, keepdims=True)
    square = np.hstack([tight[:, :2] + (tight[:, 2:4] - side) / 2, side, side, tight[:, 4:]])
    paths = {}
    for name, boxes in (('tight', tight), ('square', square)):
        paths[name] = str(tmp_path / f'{name}.npz')
        write_human_data(paths[name], {**table, 'bbox_xywh': boxes})
    return str(root / 'datasets' / 'synthetic'), paths


def dataset(files, name, crop=(192, 256), augment=(), **options):
    images, paths = files
    cut = {'type': 'MultiRoICrop', 'crop_size': crop, 'num_rois': 2}
    steps = [STEPS[0], *augment, cut, STEPS[1]]
    return MultiRoIHumanDataset(paths[name], images, steps, **options)


@pytest.mark.parametrize('padding', [1.0, 1.3])
def test_the_region_is_the_box(files, padding):
    data = dataset(files, 'square', box_padding=padding, square_boxes=True)
    wide = dataset(files, 'square', box_padding=padding)
    for i in range(3):
        side = padding * data.annotations.arrays['box_size'][i, 0]
        assert data[i]['rois'][0, 2] == pytest.approx(side, rel=1e-5)
        assert wide[i]['rois'][0, 2] == pytest.approx(side * 4 / 3, rel=1e-5)


def test_square_crops_show_the_same(files):
    one, other = (dataset(files, 'square', (96, 96), square_boxes=x)[0] for x in (True, False))
    assert np.array_equal(one['img'], other['img'])


def test_boxes_that_are_no_squares_are_named(files):
    with pytest.raises(ValueError, match=r'boxes are no squares; the first is .* Leave it out'):
        dataset(files, 'tight', square_boxes=True)


def test_a_box_that_is_cut_is_tight(files):
    cut = {'type': 'RandomTruncation', 'prob': 1.0}
    data = dataset(files, 'square', augment=[cut], square_boxes=True)
    found = set()
    for i in range(len(data)):
        before = data.loaded_sample(i)
        after = data.pipeline.transforms[1](before)
        found.add(after['square_box'])
        assert after['square_box'] == np.array_equal(before['box_size'], after['box_size'])
    assert False in found


def test_checks_tell_of_them(files):
    crop = {'crop_size': (192, 256)}
    square, tight = (dataset(files, name).annotations for name in ('square', 'tight'))
    assert 'square_boxes=True' in square_boxes(square, crop)[0]
    assert square_boxes(tight, crop) == square_boxes(square, {'crop_size': (96, 96)}) == []


def test_the_papers_data_have_them():
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_hrnet48.py')
    parts = cfg.train_dataloader.dataset.datasets
    assert {n for n, part in parts.items() if part.get('square_boxes')} == {'coco', 'mpii'}
    assert not cfg.test_dataloader.dataset.get('square_boxes')
