"""Channel noise is one factor per color channel, the same for every crop of a person."""

import numpy as np
import pytest

from mroi_plugin.datasets.transforms.augmentation import RandomChannelNoise


def recolor(img, seed=0, factor=0.4):
    return RandomChannelNoise(factor)({'img': img, 'rng': np.random.default_rng(seed)})['img']


@pytest.mark.parametrize('seed', range(5))
def test_every_value_is_scaled_rounded_and_cut(seed):
    levels = np.broadcast_to(np.arange(256, dtype=np.uint8), (2, 3, 4, 256)).copy()
    gains = np.random.default_rng(seed).uniform(0.6, 1.4, 3)
    expected = np.clip(levels * gains[:, None, None], 0, 255)

    img = recolor(levels.copy(), seed)

    assert img.dtype == np.uint8 and abs(img - expected).max() <= 0.5 + 1e-3
    np.testing.assert_array_equal(img[0], img[1])


def test_no_noise_is_no_change():
    img = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 6)).astype(np.uint8)

    np.testing.assert_array_equal(recolor(img.copy(), factor=0), img)
