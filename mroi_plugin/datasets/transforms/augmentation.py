"""Random augmentation of a person: geometry before the crops are cut, color after."""

from __future__ import annotations

import cv2
import numpy as np

from mroi_plugin.datasets.sample_errors import require
from mroi_plugin.datasets.transforms.geometry import Sample, flip_sample, rotate_sample
from mroi_plugin.mmhuman3d_compat.conventions import flip_permutation
from mroi_plugin.registry import TRANSFORMS, register


@register(TRANSFORMS, mmhuman3d='PIPELINES')
class RandomFlipRotateScale:
    """Random flip, roll and box size; changes annotations only, pixels are warped once by
    `MultiRoICrop`.

    Args:
        flip_prob: probability of a left-right mirror.
        rotation: standard deviation of the roll in degrees, cut at twice that.
        rotation_prob: probability of a roll; 0.4 is SPIN's, which sets the angle to zero with
            probability 0.6.
        scale: standard deviation of the relative box size, cut at once that.
        shift: standard deviation of the box center in box sizes, x and y, cut at twice that.
        convention: keypoint convention of the sample, for exchanging left and right.

    Raises:
        ValueError: if a probability is outside 0..1, or ``scale`` could make a box vanish.
    """

    def __init__(
        self,
        flip_prob: float = 0.5,
        rotation: float = 30.0,
        rotation_prob: float = 0.4,
        scale: float = 0.25,
        shift: float = 0.0,
        convention: str = 'smpl_54',
    ) -> None:
        chances = 0 <= flip_prob <= 1 and 0 <= rotation_prob <= 1
        sizes = 0 <= scale < 1 and 0 <= shift < np.inf and 0 <= rotation < np.inf
        if not chances or not sizes:
            raise ValueError(
                f'RandomFlipRotateScale(flip_prob={flip_prob}, rotation={rotation}, '
                f'rotation_prob={rotation_prob}, scale={scale}, shift={shift}): expected '
                'probabilities in 0..1, rotation >= 0 degrees, 0 <= scale < 1 and shift >= 0.'
            )
        self.flip_prob = flip_prob
        self.rotation = rotation
        self.rotation_prob = rotation_prob
        self.scale = scale
        self.shift = shift
        self.convention = convention

    def __call__(self, sample: Sample) -> Sample:
        """Augment a loaded sample; draws from its ``rng``."""
        require(sample, 'image_affine', 'RandomFlipRotateScale', 'LoadImage')
        rng: np.random.Generator = sample['rng']
        flip, roll = rng.random(2) < (self.flip_prob, self.rotation_prob)
        angle, size = np.clip(rng.standard_normal(2), (-2, -1), (2, 1))
        if flip:
            sample = flip_sample(sample, flip_permutation(self.convention))
        if roll:
            sample = rotate_sample(sample, angle * self.rotation)
        moved = np.zeros(2)
        if self.shift:
            moved = self.shift * np.clip(rng.standard_normal(2), -2, 2) * sample['box_size']
        return {
            **sample,
            'box_size': sample['box_size'] * (1 + size * self.scale),
            'box_center': sample['box_center'] + moved,
        }


@register(TRANSFORMS)  # mmhuman3d has one of this name, for whole frames
class RandomChannelNoise:
    """Scale each color channel of a person's crops by one random factor (SPIN).

    Args:
        factor: half width of the uniform distribution around 1.

    Raises:
        ValueError: if ``factor`` is outside 0..1.
    """

    def __init__(self, factor: float = 0.4) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f'RandomChannelNoise(factor={factor}): expected 0..1.')
        self.factor = factor

    def __call__(self, sample: Sample) -> Sample:
        """Recolor ``img`` (M, 3, h, w) uint8, in place."""
        require(sample, 'img', 'RandomChannelNoise', 'MultiRoICrop')
        gains = sample['rng'].uniform(1 - self.factor, 1 + self.factor, 3).tolist()
        for crop in sample['img']:
            for channel, gain in zip(crop, gains):
                cv2.convertScaleAbs(channel, channel, gain)
        return sample
