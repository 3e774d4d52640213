"""Our batch in the words of mmhuman3d: what its image architectures read."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

MMHUMAN3D_CROP_PX = 224
"""Side of the crop in which mmhuman3d's 2D losses count, whatever the size of the image."""
Batch = dict[str, Any]


def scale_affines(affines: Tensor, factor: float) -> Tensor:
    """Affines (..., 2, 3) into crops ``factor`` times as large; whole numbers are pixel centers.

    ``x' = factor (x + 1/2) - 1/2``, so that corners map to corners.
    """
    scaled = factor * affines
    return torch.cat([scaled[..., :2], scaled[..., 2:] + 0.5 * (factor - 1)], dim=-1)


def apply_affines(affines: Tensor, points: Tensor) -> Tensor:
    """Points (N, K, 2) mapped by affines (N, 2, 3)."""
    return points @ affines[..., :2].transpose(-1, -2) + affines[:, None, :, 2]


def to_mmhuman3d_batch(img: Tensor, batch: Batch) -> Batch:
    """RoI 0 of each person as mmhuman3d's pipelines deliver it (``Collect`` keys).

    Boxes, focal length and 2D joints stay those of the image. mmhuman3d puts the principal point
    into the middle of the image: ``img_w, img_h`` are twice our principal point, which is the same
    camera.

    Args:
        img: (N, M, 3, s, s) normalized crops.
        batch: the rest of our batch.

    Returns:
        ``img`` (N, 3, s, s), ``bbox_info`` (N, 3), ``center`` (N, 2) px, ``scale`` (N, 2) px,
        ``focal_length``, ``img_h``, ``img_w`` (N, 1) px, ``crop_trans`` (N, 2, 3) to a crop of 224
        px, ``keypoints2d`` (N, K, 3) in that crop, ``keypoints3d`` (N, K, 4) m, ``smpl_*``,
        ``has_*`` (N, 1), ``sample_idx`` and ``img_metas``.

    Raises:
        ValueError: if the crops are not square.
    """
    height, width = img.shape[-2:]
    if height != width:
        raise ValueError(
            f'mmhuman3d works on square crops and got {width}x{height}: set crop_size of '
            'MultiRoICrop to the same number twice.'
        )
    rois, center = batch['rois'][:, 0], batch['principal_point']
    affines = scale_affines(batch['roi_affines'][:, 0], MMHUMAN3D_CROP_PX / width)
    out = {name: value for name, value in batch.items() if name.startswith(('smpl_', 'adv_'))}
    return {
        **out,
        'img': img[:, 0],
        'bbox_info': batch['bbox_info'][:, 0],
        'center': rois[:, :2] + center,
        'scale': rois[:, 2:].expand(-1, 2),
        'focal_length': batch['focal_length'].reshape(-1, 1),
        'img_w': 2 * center[:, :1],
        'img_h': 2 * center[:, 1:],
        'crop_trans': affines,
        'sample_idx': torch.as_tensor(batch['sample_idx']),
        'img_metas': [{'image_path': path} for path in batch['image_path']],
        **_joints(batch, affines),
    }


def _joints(batch: Batch, affines: Tensor) -> Batch:
    flat, solid = batch['keypoints2d'], batch['keypoints3d']
    pixels = apply_affines(affines, flat[..., :2])
    return {
        'keypoints2d': torch.cat([pixels, flat[..., 2:]], dim=-1),
        'keypoints3d': solid,
        'has_keypoints2d': _any_known(flat),
        'has_keypoints3d': _any_known(solid),
        'has_smpl': batch['has_smpl'].reshape(-1, 1),
    }


def _any_known(joints: Tensor) -> Tensor:
    return (joints[..., -1] > 0).any(-1, keepdim=True).float()
