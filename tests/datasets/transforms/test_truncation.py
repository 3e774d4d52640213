"""Images cut through the person: what stays is the same, what goes is black."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mroi_plugin.datasets.transforms.encoded_image import DecodedOnce, EncodedImage, ImagePart
from mroi_plugin.datasets.transforms.geometry import apply_affine
from mroi_plugin.datasets.transforms.loading import LoadImage
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.datasets.transforms.truncation import MIN_JOINTS, SIDES, RandomTruncation

SIZE = (322, 243)


@pytest.fixture
def loaded(tmp_path):
    """A person from (100, 40) to (180, 220) px of a picture whose colors say where one is."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    picture = np.stack([x % 200 + 40, y % 200 + 40, (x + y) % 200 + 40], axis=2).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), picture)
    rng = np.random.default_rng(0)
    joints = np.concatenate([rng.uniform((110, 50), (170, 210), (54, 2)), np.ones((54, 1))], axis=1)
    sample = {
        'image_path': str(tmp_path / 'a.png'),
        'box_center': np.array([140.0, 130.0]),
        'box_size': 1.2 * np.array([80.0, 180.0]),
        'box_padding': 1.2,
        'keypoints2d': joints,
    }
    return LoadImage()(sample)


def cuts(loaded, count=60, **options):
    truncate = RandomTruncation(prob=1.0, **options)
    for seed in range(count):
        yield truncate({**loaded, 'rng': np.random.default_rng(seed)})


def side_of(sample):
    first, last = sample['image_affine'][:, 2], sample['image_affine'][:, 2] + sample['img_size']
    cut = {'left': first[0] > 0, 'top': first[1] > 0}
    cut.update(right=last[0] < SIZE[0], bottom=last[1] < SIZE[1])
    assert sum(cut.values()) == 1
    return next(side for side in cut if cut[side])


def test_every_side_is_cut_the_lower_one_mostly(loaded):
    sides = [side_of(sample) for sample in cuts(loaded, 300)]
    shares = {side: sides.count(side) / len(sides) for side in SIDES}
    assert 0.6 < shares['bottom'] < 0.8 and all(0.04 < shares[s] < 0.17 for s in SIDES[1:])


def test_crops_show_the_same_pixels_and_black_beyond_the_cut(loaded):
    """RoIs of the cut sample, cut out of the whole image and of what is left of it."""
    crop = MultiRoICrop(crop_size=(64, 64))
    for sample in cuts(loaded):
        cut = crop(sample)
        whole = crop({**sample, **{k: loaded[k] for k in ('image', 'img_size', 'image_affine')}})
        if not np.array_equal(cut['rois'], whole['rois']):
            continue  # one that showed next to nothing of the part was pulled into it
        y, x = np.mgrid[:64, :64]
        offset, size = sample['image_affine'][:, 2], sample['img_size']
        for part, full, affine in zip(cut['img'], whole['img'], cut['roi_affines']):
            pixels = np.stack([x, y], axis=-1).reshape(-1, 2)
            place = apply_affine(cv2.invertAffineTransform(affine), pixels) - offset
            inside = ((place >= 1) & (place <= size - 2)).all(1).reshape(64, 64)
            beyond = ((place < -1) | (place > size)).any(1).reshape(64, 64)
            difference = np.abs(part.astype(int) - full)[:, inside]
            assert difference.max(initial=0) <= 1
            assert not part[:, beyond].any()


def test_the_box_is_of_what_is_left_and_nothing_else_moves(loaded):
    kept = set(loaded) - {'image', 'img_size', 'image_affine', 'box_center', 'box_size'}
    for sample in cuts(loaded):
        low = sample['box_center'] - sample['box_size'] / 2.4
        high = sample['box_center'] + sample['box_size'] / 2.4
        window = np.r_[sample['image_affine'][:, 2], sample['image_affine'][:, 2]]
        window[2:] += sample['img_size']
        assert (low >= np.maximum(window[:2], [100, 40]) - 1e-9).all()
        assert (high <= np.minimum(window[2:], [180, 220]) + 1e-9).all()
        axis, share = (0, 80) if side_of(sample) in ('left', 'right') else (1, 180)
        assert 0.3 * share - 8 <= (high - low)[axis] <= 0.85 * share + 8
        assert all(sample[name] is loaded[name] for name in kept)


def test_a_few_joints_are_no_person(loaded):
    few = loaded['keypoints2d'].copy()
    few[MIN_JOINTS - 1 :, 2] = 0
    for sample in cuts({**loaded, 'keypoints2d': few}, 10):
        assert sample['image'] is loaded['image'] and 'rng' in sample


def test_never_and_always(loaded):
    rng = np.random.default_rng(0)
    sample = {**loaded, 'rng': rng}
    assert RandomTruncation(prob=0.0)(sample) is sample
    drawn = [RandomTruncation(prob=0.3)(sample) is not sample for _ in range(2000)]
    assert np.mean(drawn) == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize('reduction', [1, 2, 4, 8])
def test_a_part_is_a_part_at_every_reduction(reduction):
    y, x = np.mgrid[:203, :317]
    smooth = np.stack([x / 2, y, (x + y) / 3], axis=2).astype(np.uint8)
    data = cv2.imencode('.jpg', smooth)[1].tobytes()
    image = DecodedOnce(EncodedImage(data, {}))
    part = ImagePart(image, (16, 40, 317, 120))
    whole = image.decode(reduction)
    expected = whole[40 // reduction : 120 // reduction, 16 // reduction :]
    assert np.array_equal(part.decode(reduction), expected)
    assert part.largest_reduction(4.5) == 4


@pytest.mark.parametrize('options', [{'prob': 1.5}, {'kept': (0.8, 0.3)}, {'kept': (0.0, 0.5)}])
def test_senseless_options_are_refused(options):
    with pytest.raises(ValueError, match='RandomTruncation'):
        RandomTruncation(**options)
