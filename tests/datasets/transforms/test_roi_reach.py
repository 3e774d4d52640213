"""No RoI is without image, and ``rois`` says where it really is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mroi_plugin.datasets.transforms.geometry import compose_affine, rotation_about
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop, roi_affine
from mroi_plugin.datasets.transforms.roi_reach import (
    MIN_SHARE,
    nearest_in_image,
    shown_share,
    surely_shown,
)

WIDTH, HEIGHT = 320, 240
CROP = (48, 64)


def sample(center, size, degrees=0.0, seed=0):
    """A white image, so that what is not image is black in every crop."""
    center = np.asarray(center, np.float64)
    return {
        'image': np.full((HEIGHT, WIDTH, 3), 255, np.uint8),
        'img_size': np.array([WIDTH, HEIGHT], np.float64),
        'image_affine': rotation_about(degrees, center),
        'box_center': center,
        'box_size': np.array([size, size], np.float64),
        'principal_point': np.array([WIDTH / 2, HEIGHT / 2]),
        'rng': np.random.default_rng(seed),
    }


def white_share(crop):
    return float((crop > 127).mean())


@pytest.mark.parametrize('degrees', [0, 30, -75, 180])
@pytest.mark.parametrize('center', [(100, 80), (2, 3), (318, 236), (160, 239)])
def test_the_share_is_what_the_crop_shows(center, degrees):
    data = sample(center, 120, degrees)
    affine = compose_affine(roi_affine(np.asarray(center), 120, CROP), data['image_affine'])
    inverse = np.linalg.inv(np.vstack([affine, [0, 0, 1]]))[:2]
    share = shown_share(inverse, CROP, data['img_size'])
    import cv2

    crop = cv2.warpAffine(data['image'], affine, CROP)
    assert share == pytest.approx(white_share(crop), abs=0.03)


def test_the_share_survives_a_mirror():
    data = sample((10, 20), 120)
    mirror = np.array([[-1.0, 0, WIDTH - 1], [0, 1, 0]])
    affine = compose_affine(roi_affine(np.array([300.0, 20.0]), 120, CROP), mirror)
    plain = compose_affine(roi_affine(np.array([19.0, 20.0]), 120, CROP), np.eye(2, 3))
    shares = [
        shown_share(np.linalg.inv(np.vstack([a, [0, 0, 1]]))[:2], CROP, data['img_size'])
        for a in (affine, plain)
    ]
    assert 0.3 < shares[0] < 0.9 and shares[0] == pytest.approx(shares[1], abs=1e-6)


@pytest.mark.parametrize('num_rois', [1, 5, 16])
@pytest.mark.parametrize('random', [False, True])
@pytest.mark.parametrize('degrees', [0, 25, 140])
@pytest.mark.parametrize('center', [(160, 120), (-10, -5), (335, 250), (160, 262), (-22, 120)])
def test_no_crop_is_empty(center, degrees, random, num_rois):
    rng = np.random.default_rng(1)
    shifts = rng.uniform(-1.5, 1.5, (15, 2)).tolist()
    crop = MultiRoICrop(CROP, shifts, rng.uniform(0.3, 1.5, 15).tolist(), num_rois, random)
    for seed in range(4):
        out = crop(sample(center, 50, degrees, seed))
        assert out['img'].shape == (num_rois, 3, CROP[1], CROP[0])
        for image in out['img']:
            assert white_share(image) > MIN_SHARE / 2


def test_the_place_in_rois_is_the_place_of_the_crop():
    """The center of a crop that was pulled is where ``roi_affines`` and ``rois`` say."""
    data = sample((-20, 120), 50)
    out = MultiRoICrop(CROP, ((-3.0, 0.0),), (0.5,))(data)
    asked = data['box_center'][0] - 3.0 * out['rois'][0, 2]
    center = out['rois'][1, :2] + data['principal_point']
    assert center[0] > asked + 10
    middle = out['roi_affines'][1] @ np.array([*center, 1.0])
    np.testing.assert_allclose(middle, (np.array(CROP) - 1) / 2)


def test_rois_that_show_enough_stay_where_they_were():
    data = sample((160, 120), 60, 20)
    out = MultiRoICrop(CROP)(data)
    sides = out['rois'][:, 2]
    shifts = [(0, 0), (0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)]
    expected = data['box_center'] + sides[0] * np.array(shifts) - data['principal_point']
    np.testing.assert_allclose(out['rois'][:, :2], expected)


def test_the_nearest_point_is_nearest():
    to_full = rotation_about(40, np.array([30.0, 50.0]))
    center = np.array([500.0, -80.0])
    found = nearest_in_image(center, to_full, np.array([WIDTH, HEIGHT]))
    grid = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), -1).reshape(-1, 2)
    distances = np.linalg.norm(grid @ to_full[:, :2].T + to_full[:, 2] - center, axis=1)
    assert np.linalg.norm(found - center) == pytest.approx(distances.min(), abs=0.5)


def test_random_rois_are_the_same_for_the_same_numbers():
    crop = MultiRoICrop(CROP, random=True)
    first, again, other = (crop(sample((160, 120), 60, 0, seed))['rois'] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first[1:], other[1:])
    np.testing.assert_array_equal(first[0], other[0])


def rois_of_a_loader(in_workspace, workers):
    from torch.utils.data import DataLoader

    from mroi_plugin.registry import DATASETS

    root = in_workspace / 'data' / 'synthetic'
    dataset = DATASETS.build(
        {
            'type': 'MultiRoIHumanDataset',
            'ann_file': str(root / 'preprocessed_datasets' / 'synthetic_test.npz'),
            'image_dir': str(root / 'datasets' / 'synthetic'),
            'pipeline': [
                {'type': 'LoadImage'},
                {'type': 'MultiRoICrop', 'crop_size': CROP, 'random': True},
                {'type': 'PackMultiRoIInputs'},
            ],
        }
    )
    dataset.set_epoch(3, seed=5)
    loader = DataLoader(dataset, batch_size=2, num_workers=workers)
    return np.concatenate([batch['rois'].numpy() for batch in loader])


def test_random_rois_do_not_depend_on_the_workers(in_workspace):
    alone, together = (rois_of_a_loader(in_workspace, workers) for workers in (0, 2))
    np.testing.assert_array_equal(alone, together)
    assert not np.allclose(alone[0], alone[1])


def test_what_is_surely_shown_is_shown():
    """Never a RoI that shows less than the least share, whatever its place, size and roll."""
    rng = np.random.default_rng(0)
    image, accepted = np.array([300.0, 200.0]), 0
    for _ in range(600):
        to_full = rotation_about(rng.uniform(-180, 180), rng.uniform(0, 200, 2))
        centers, sides = rng.uniform(-300, 500, (5, 2)), rng.uniform(10, 400, 5)
        sure = surely_shown(centers, sides, to_full, image)
        for m in np.flatnonzero(sure):
            for crop_size in ((48, 64), (64, 64), (32, 64)):
                affine = compose_affine(roi_affine(centers[m], sides[m], crop_size), to_full)
                share = shown_share(cv2.invertAffineTransform(affine), crop_size, image)
                assert share >= MIN_SHARE
        accepted += sure.sum()
    assert accepted > 50
