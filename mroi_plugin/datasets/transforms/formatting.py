"""From a processed sample to the flat dictionary of tensors that is batched."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mroi_plugin.cameras import encode_bbox_info
from mroi_plugin.datasets.sample_errors import InvalidSampleError, require
from mroi_plugin.datasets.transforms.geometry import Sample
from mroi_plugin.registry import TRANSFORMS, register

FLOATS = (
    'rois',
    'roi_affines',
    'focal_length',
    'principal_point',
    'img_size',
    'keypoints2d',
    'keypoints3d',
    'smpl_body_pose',
    'smpl_global_orient',
    'smpl_betas',
    'smpl_transl',
    'has_smpl',
    'has_transl',
)
OPTIONAL = ('shared_roi',)
METADATA = ('gender', 'sample_idx', 'image_path')
NOT_FINITE = (
    '{} is not finite. Expected numbers, and confidence 0 or has_smpl = 0 where nothing is known: '
    'fix the annotation or drop the sample.'
)


@register(TRANSFORMS, mmhuman3d='PIPELINES')
class PackMultiRoIInputs:
    """Keep what model, losses and metrics use; numbers become float32 tensors, ``img`` stays
    uint8."""

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """Pack a sample that `MultiRoICrop` has processed.

        Returns:
            ``img`` (M, 3, h, w) uint8, ``rois`` (M, 3) px, ``roi_affines`` (M, 2, 3), ``bbox_info``
            (M, 3) unitless, ``shared_roi`` (3) px where one crop shows all RoIs, ``focal_length``
            () px, ``principal_point`` (2) px, ``img_size`` (w, h) px, ``keypoints2d`` (K, 3),
            ``keypoints3d`` (K, 4), ``smpl_*`` and the masks ``has_*``; and ``gender`` (0 male, 1
            female, -1 neutral), ``sample_idx`` and ``image_path``.

        Raises:
            InvalidSampleError: if a number is not finite.
        """
        require(sample, 'img', 'PackMultiRoIInputs', 'MultiRoICrop')
        names = (*FLOATS, *(name for name in OPTIONAL if name in sample))
        numbers = {name: np.asarray(sample[name], np.float32) for name in names}
        if not np.isfinite(np.concatenate([values.ravel() for values in numbers.values()])).all():
            bad = next(name for name, v in numbers.items() if not np.isfinite(v).all())
            raise InvalidSampleError.of(sample, NOT_FINITE.format(bad))
        packed = {'img': torch.from_numpy(sample['img'])}
        numbers['bbox_info'] = encode_bbox_info(numbers['rois'], numbers['focal_length'])
        packed.update({name: torch.as_tensor(values) for name, values in numbers.items()})
        return {**packed, **{name: sample[name] for name in METADATA}}
