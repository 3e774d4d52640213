"""Our batch in mmhuman3d's words: the same camera, the same pixels."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.adapters.mmhuman3d_batch import (
    MMHUMAN3D_CROP_PX,
    apply_affines,
    scale_affines,
    to_mmhuman3d_batch,
)
from mroi_plugin.cameras import crop_to_full_camera, encode_bbox_info
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d


def make_batch(count=4, crop=64):
    torch.manual_seed(0)
    side = 100 + 200 * torch.rand(count, 1)
    center = 300 * torch.rand(count, 2)
    pp = torch.tensor([320.0, 240.0]) + 10 * torch.randn(count, 2)
    scale = crop / side[:, 0]
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0] = affine[:, 1, 1] = scale
    affine[:, :, 2] = (crop - 1) / 2 - scale[:, None] * center
    rois = torch.cat([center - pp, side], dim=1)[:, None]
    focal = 600 + 100 * torch.rand(count)
    return {
        'img': torch.rand(count, 1, 3, crop, crop),
        'rois': rois,
        'roi_affines': affine[:, None],
        'bbox_info': encode_bbox_info(rois, focal[:, None]),
        'focal_length': focal,
        'principal_point': pp,
        'keypoints2d': torch.cat([500 * torch.rand(count, 54, 2), torch.ones(count, 54, 1)], -1),
        'keypoints3d': torch.zeros(count, 54, 4),
        'has_smpl': torch.ones(count),
        'sample_idx': torch.arange(count),
        'image_path': ['a.jpg'] * count,
    }


def test_affines_map_corners_to_corners():
    affine = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])[None]
    corner = torch.tensor([[[-0.5, -0.5], [63.5, 63.5]]])
    found = apply_affines(scale_affines(affine, 224 / 64), corner)
    torch.testing.assert_close(found, torch.tensor([[[-0.5, -0.5], [223.5, 223.5]]]))


def test_the_box_center_is_the_center_of_its_crop():
    batch = make_batch()
    host = to_mmhuman3d_batch(batch.pop('img'), batch)
    found = apply_affines(host['crop_trans'], host['center'][:, None])[:, 0]
    torch.testing.assert_close(
        found, torch.full_like(found, (MMHUMAN3D_CROP_PX - 1) / 2), atol=1e-3, rtol=0
    )


def test_its_full_camera_is_ours():
    load_mmhuman3d()
    from mmhuman3d.utils.geometry import cam_crop2full

    batch = make_batch()
    camera = torch.tensor([[0.9, 0.1, -0.2]]).expand(4, 3)
    host = to_mmhuman3d_batch(batch['img'], batch)
    found = cam_crop2full(
        camera,
        host['center'],
        host['scale'][:, 0],
        torch.hstack((host['img_h'], host['img_w'])),
        host['focal_length'].squeeze(1),
    )
    expected = crop_to_full_camera(camera, batch['rois'][:, 0], batch['focal_length'])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_its_box_numbers_are_ours():
    load_mmhuman3d()
    import numpy as np
    from mmhuman3d.data.datasets.pipelines.transforms import GetBboxInfo

    size = torch.tensor([640.0, 480.0])
    rois = torch.tensor([[30.0, -50.0, 200.0]])
    results = {
        'img': np.zeros((480, 640, 3), np.uint8),
        'center': (size / 2 + rois[0, :2]).numpy(),
        'scale': np.array([200.0, 200.0]),
    }
    found = torch.from_numpy(GetBboxInfo()(results)['bbox_info'])
    torch.testing.assert_close(encode_bbox_info(rois, size.norm()[None])[0], found)


def test_joints_without_confidence_count_as_unknown():
    batch = make_batch()
    host = to_mmhuman3d_batch(batch['img'], batch)
    assert (host['has_keypoints2d'] == 1).all() and (host['has_keypoints3d'] == 0).all()


def test_a_crop_that_is_not_square_is_refused():
    batch = make_batch()
    with pytest.raises(ValueError, match='square'):
        to_mmhuman3d_batch(torch.rand(4, 1, 3, 80, 60), batch)
