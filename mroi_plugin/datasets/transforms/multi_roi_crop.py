"""Cutting the M RoIs of a person out of its image (v2 Sec. 3.5)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mroi_plugin.datasets.sample_errors import require
from mroi_plugin.datasets.transforms.encoded_image import DecodedOnce, EncodedImage
from mroi_plugin.datasets.transforms.geometry import Sample, compose_affine
from mroi_plugin.datasets.transforms.large_images import warpable_part
from mroi_plugin.datasets.transforms.roi_reach import (
    MIN_SHARE,
    STEPS,
    nearest_in_image,
    shown_share,
    surely_shown,
)
from mroi_plugin.registry import TRANSFORMS, register

DEFAULT_SHIFTS = ((0.1, 0.0), (-0.1, 0.0), (0.0, 0.1), (0.0, -0.1))
"""Offsets of RoIs 1.. from the box center, in units of the box side."""
DEFAULT_SCALES = (1.5, 1.25, 0.8, 0.65)
"""Sides of RoIs 1.. in units of the box side."""

TO_PLANES = (0, 0, 1, 1, 2, 2)
"""Where ``cv2.mixChannels`` puts the channels of an image: each into a plane of its own."""


def square_side(box_size: np.ndarray, crop_size: tuple[int, int]) -> float:
    """Side ``b``, mapped onto the longer crop side, for which the crop just holds the box.

    Args:
        box_size: (2) width and height of the box, pixels.
        crop_size: (w, h) of the crop, pixels.
    """
    crop = np.asarray(crop_size, np.float64)
    return float((np.asarray(box_size) * crop.max() / crop).max())


def roi_affine(
    center: np.ndarray, side: np.ndarray | float, crop_size: tuple[int, int]
) -> np.ndarray:
    """Affines (..., 2, 3) from pixels of the full image to pixels of crops.

    ``center`` (..., 2) px goes to the middle ``((w - 1) / 2, (h - 1) / 2)`` of the crop, whose
    whole numbers are pixel centers, and ``side`` (...) px to its longer side.
    """
    gain = max(crop_size) / np.asarray(side, np.float64)
    middle = (np.asarray(crop_size, np.float64) - 1) / 2
    affine = np.zeros((*gain.shape, 2, 3))
    affine[..., 0, 0] = affine[..., 1, 1] = gain
    affine[..., 2] = middle - gain[..., None] * center
    return affine


def enclosing_square(
    centers: np.ndarray, sides: np.ndarray, crop_size: tuple[int, int]
) -> tuple[np.ndarray, float]:
    """Center (2) px and side px of the smallest crop that shows all of M crops with the same
    aspect.

    Args:
        centers: (M, 2) px.
        sides: (M) px, of the longer side.
        crop_size: (w, h) px, for the aspect.
    """
    shape = np.asarray(crop_size, np.float64) / max(crop_size)
    half = sides[:, None] * shape / 2
    low, high = (centers - half).min(0), (centers + half).max(0)
    return (low + high) / 2, float(((high - low) / shape).max())


@register(TRANSFORMS, mmhuman3d='PIPELINES')
class MultiRoICrop:
    """Cut M crops of one person, all from one rotation frame; RoI 0 is the box itself.

    RoI m is centered at ``c + shift_m b`` with side ``scale_m b``; one that would show less than
    5 % of image is pulled towards it, and its place in ``rois`` is where it really is. Each crop is
    one warp of the image, which is decoded no larger than the RoI of the finest detail needs.

    Args:
        crop_size: (w, h) of a crop in pixels.
        shifts: offsets of RoIs 1, 2, ... in units of b.
        scales: sides of RoIs 1, 2, ... in units of b.
        num_rois: M; fewer than ``1 + len(shifts)`` takes a prefix. None takes all.
        random: draw RoIs 1.. anew for every sample, shifts and scales uniform in the range of the
            lists.
        shared: cut one crop that just shows all RoIs, ``shared`` times as large as ``crop_size``,
            for `SharedMapEncoder`. With the RoIs above, 1.6 shows RoI 0 in as many pixels as a
            crop of its own.

    Raises:
        ValueError: if the lists differ in length or are too short for ``num_rois``, or a size is
            not positive.
    """

    def __init__(
        self,
        crop_size: tuple[int, int] = (192, 256),
        shifts: Sequence[tuple[float, float]] = DEFAULT_SHIFTS,
        scales: Sequence[float] = DEFAULT_SCALES,
        num_rois: int | None = None,
        random: bool = False,
        shared: float | None = None,
    ) -> None:
        if len(shifts) != len(scales):
            raise ValueError(
                f'MultiRoICrop: {len(shifts)} shifts but {len(scales)} scales; RoI m needs one of '
                'each.'
            )
        num_rois = 1 + len(scales) if num_rois is None else num_rois
        if not 1 <= num_rois <= 1 + len(scales):
            raise ValueError(
                f'MultiRoICrop: num_rois={num_rois} with {len(scales)} shifts and scales; expected '
                f'1..{1 + len(scales)}, give longer lists for more.'
            )
        if np.shape(crop_size) != (2,) or min(crop_size) < 1 or any(s <= 0 for s in scales):
            raise ValueError(
                f'MultiRoICrop: crop_size={crop_size} and scales={tuple(scales)} must be positive, '
                'crop_size (w, h) in pixels.'
            )
        if shared is not None and not 0 < shared < float('inf'):
            raise ValueError(
                f'MultiRoICrop: shared={shared}, expected a factor on the sides of the crop, as '
                '1.5, or None.'
            )
        self.crop_size = (int(crop_size[0]), int(crop_size[1]))
        gain = 1.0 if shared is None else shared
        self.cut_size = (round(gain * self.crop_size[0]), round(gain * self.crop_size[1]))
        self.shifts = np.asarray([(0.0, 0.0), *shifts], np.float64)[:num_rois]
        self.scales = np.asarray([1.0, *scales], np.float64)[:num_rois]
        self.random, self.shared = random, shared

    def layout(self, rng: np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Shifts (M, 2) and scales (M) of the RoIs in units of b; RoI 0 is always the box."""
        if not self.random or len(self.scales) == 1:
            return self.shifts, self.scales
        low, high = self.shifts.min(0), self.shifts.max(0)
        shifts = rng.uniform(low, high, self.shifts.shape)
        scales = rng.uniform(self.scales.min(), self.scales.max(), self.scales.shape)
        shifts[0], scales[0] = 0, 1
        return shifts, scales

    def __call__(self, sample: Sample) -> Sample:
        """Cut the crops of a loaded, possibly augmented sample.

        Args:
            sample: ``image``, an `EncodedImage`, `DecodedOnce` or pixels (H, W, 3) uint8,
                ``image_affine`` (2, 3) image -> augmented full image, ``box_center`` (2) and
                ``principal_point`` (2) px of the augmented full image, ``box_size`` (2) px;
                ``square_box``, if the longer side of the crop shows the box, and not more.

        Returns:
            The sample with ``img`` (M, 3, h, w) uint8 in place of ``image``, ``rois`` (M, 3) px
            with the centers relative to the principal point, and ``roi_affines`` (M, 2, 3)
            augmented full image -> crop. With ``shared``, ``img`` is (1, 3, h, w) and
            ``shared_roi`` (3) what it shows, as a RoI.
        """
        require(sample, 'image', 'MultiRoICrop', 'LoadImage')
        shifts, scales = self.layout(sample.get('rng'))
        exact = sample.get('square_box', False)
        size = sample['box_size']
        side = float(size.max()) if exact else square_side(size, self.crop_size)
        sides = scales * side
        centers = self._reach(sample, sample['box_center'] + shifts * side, sides)
        out = {name: value for name, value in sample.items() if name != 'image'}
        out['rois'] = np.column_stack([centers - sample['principal_point'], sides])
        out['roi_affines'] = cut = roi_affine(centers, sides, self.crop_size)
        if self.shared is not None:
            center, side = enclosing_square(centers, sides, self.crop_size)
            out['shared_roi'] = np.array([*(center - sample['principal_point']), side])
            cut, sides = roi_affine(center, side, self.cut_size)[None], side
        image, to_image = self._pixels(sample['image'], float(np.min(sides)))
        to_full = compose_affine(sample['image_affine'], to_image)
        out['img'] = self._warp(image, compose_affine(cut, to_full))
        return out

    def _reach(self, sample: Sample, centers: np.ndarray, sides: np.ndarray) -> np.ndarray:
        """Centers (M, 2) px of RoIs that all show a part of the image."""
        to_full, size = sample['image_affine'], np.asarray(sample['img_size'])
        reached = centers.copy()
        for m in np.flatnonzero(~surely_shown(centers, sides, to_full, size)):
            center, side, near = centers[m], sides[m], None
            for step in STEPS:
                if step > 0:
                    near = nearest_in_image(center, to_full, size) if near is None else near
                    reached[m] = center + step * (near - center)
                affine = compose_affine(roi_affine(reached[m], side, self.crop_size), to_full)
                inverse = cv2.invertAffineTransform(affine)
                if shown_share(inverse, self.crop_size, size) >= MIN_SHARE:
                    break
        return reached

    def _pixels(
        self, image: EncodedImage | DecodedOnce | np.ndarray, smallest_side: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pixels to cut from, and the affine (2, 3) from them to those of the image."""
        if isinstance(image, np.ndarray):
            return image, np.eye(2, 3)
        reduction = image.largest_reduction(smallest_side / max(self.cut_size))
        middle = (reduction - 1) / 2
        to_image = np.array([[reduction, 0, middle], [0, reduction, middle]], np.float64)
        return image.decode(reduction), to_image

    def _warp(self, image: np.ndarray, affines: np.ndarray) -> np.ndarray:
        """Crops (M, 3, h, w) of pixels (H, W, 3) by affines (M, 2, 3) from these to a crop."""
        width, height = self.cut_size
        crops = np.empty((len(affines), 3, height, width), np.uint8)
        warped = np.empty((height, width, 3), np.uint8)
        for crop, affine in zip(crops, affines):
            part, to_crop = warpable_part(image, affine, self.cut_size)
            cv2.warpAffine(part, to_crop, self.cut_size, warped)
            cv2.mixChannels([warped], list(crop), TO_PLANES)  # cv2.split would bypass the cache
        return crops
