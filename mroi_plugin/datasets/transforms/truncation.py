"""Cutting images through the person, as portraits are."""

from __future__ import annotations

import numpy as np

from mroi_plugin.datasets.sample_errors import require
from mroi_plugin.datasets.transforms.encoded_image import REDUCED, ImagePart
from mroi_plugin.datasets.transforms.geometry import Sample
from mroi_plugin.registry import TRANSFORMS, register

SIDES = ('bottom', 'top', 'left', 'right')
CHANCES = (0.7, 0.1, 0.1, 0.1)
"""Of cuts by side: mostly it is legs that are not in an image."""
GRID = max(REDUCED)
"""Cuts lie on multiples of this, px, where a decoder that shrinks has pixels of its own."""
MIN_JOINTS = 6
"""Joints that must stay in the image; a sample that would keep fewer stays whole."""


@register(TRANSFORMS, mmhuman3d='PIPELINES')
class RandomTruncation:
    """Cut the image through the person, and the box with it; camera and annotations stay.

    What lies beyond the cut is black in the crops, as beyond the border of any image, and the box
    is what a detector finds of the rest. Comes after `LoadImage` and before `MultiRoICrop`. (Random
    cropping of this kind is how Rockwell and Fouhey, ECCV 2020, teach networks partial views.)

    Args:
        prob: probability of a cut.
        kept: least and largest share of the box that is kept, along the cut direction, uniform.

    Raises:
        ValueError: if a probability or share is outside 0..1.
    """

    def __init__(self, prob: float = 0.3, kept: tuple[float, float] = (0.3, 0.85)) -> None:
        low, high = kept
        if not (0 <= prob <= 1 and 0 < low <= high <= 1):
            raise ValueError(
                f'RandomTruncation(prob={prob}, kept={tuple(kept)}): expected a probability in '
                '0..1, and two shares in 0..1, the smaller one first.'
            )
        self.prob, self.kept = prob, (low, high)

    def __call__(self, sample: Sample) -> Sample:
        """Cut a loaded sample that was not augmented yet; draws from its ``rng``.

        Args:
            sample: ``image``, ``img_size`` (w, h) px, ``box_center`` (2) and ``box_size`` (2) px,
                ``box_padding``, by which the box is larger than the person, and ``keypoints2d``
                (K, 3) px and confidence.

        Returns:
            The sample, or one with another ``image``, ``img_size`` and box, and the
            ``image_affine`` (2, 3) from its pixels to those of the whole image.
        """
        require(sample, 'image_affine', 'RandomTruncation', 'LoadImage')
        rng: np.random.Generator = sample['rng']
        happens, share = rng.random() < self.prob, rng.uniform(*self.kept)
        side = SIDES[rng.choice(len(SIDES), p=CHANCES)]
        if not happens:
            return sample
        padding = sample['box_padding']
        half = sample['box_size'] / padding / 2
        person = np.concatenate([sample['box_center'] - half, sample['box_center'] + half])
        window = _window(person, sample['img_size'], side, share)
        known = sample['keypoints2d'][sample['keypoints2d'][:, 2] > 0, :2]
        seen = known[_inside(known, person) & _inside(known, np.r_[0, 0, sample['img_size'] - 1])]
        left = seen[_inside(seen, window)]
        if len(left) < MIN_JOINTS:
            return sample
        # The outline of the person is farther out than its joints, as far as it was before.
        margin = np.r_[seen.min(0) - person[:2], person[2:] - seen.max(0)].clip(0)
        box = np.r_[left.min(0) - margin[:2], left.max(0) + margin[2:]]
        low = np.maximum(np.maximum(box[:2], person[:2]), window[:2])
        high = np.minimum(np.minimum(box[2:], person[2:]), window[2:])
        x, y, right, bottom = window.astype(int).tolist()
        return {
            **sample,
            'image': ImagePart(sample['image'], (x, y, right, bottom)),
            'img_size': np.array([right - x, bottom - y], np.float64),
            'image_affine': np.array([[1.0, 0, x], [0, 1, y]]),
            'box_center': (low + high) / 2,
            'box_size': (high - low) * padding,
            'square_box': False,
        }


def _window(person: np.ndarray, size: np.ndarray, side: str, share: float) -> np.ndarray:
    """What is left of an image (left, top, right, bottom), px, on the grid where it is cut.

    Args:
        person: (4) left, top, right, bottom, px.
        size: (w, h) of the image, px.
        side: that is cut off.
        share: of the person that is kept.
    """
    window = np.r_[0.0, 0.0, size]
    axis = 0 if side in ('left', 'right') else 1
    first, last = person[axis], person[axis + 2]
    if side in ('left', 'top'):
        window[axis] = max(GRID * np.floor((last - share * (last - first)) / GRID), 0)
    else:
        cut = GRID * np.ceil((first + share * (last - first)) / GRID)
        window[axis + 2] = min(cut, size[axis])
    return window


def _inside(points: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Which of points (n, 2) are in a box (left, top, right, bottom)."""
    return ((points >= box[:2]) & (points <= box[2:])).all(1)
