"""``camera_from='shared'``: one full camera, seen from every RoI."""

from __future__ import annotations

import pytest
import torch
from oracles.cameras import crop_to_full, full_to_crop

from mroi_plugin.cameras import crop_to_full_camera, decode_bbox_info, encode_bbox_info
from mroi_plugin.models.heads.roi_aware_fusion_head import RoIAwareFusionHead, spread_camera
from mroi_plugin.models.losses.camera_consistency import camera_consistency_loss


def scene(persons=4, rois=5, dtype=torch.float64):
    generator = torch.Generator().manual_seed(3)

    def rand(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    boxes = torch.cat([400 * rand(persons, rois, 2) - 200, 80 + 400 * rand(persons, rois, 1)], -1)
    focal = 600 + 500 * rand(persons)
    camera = torch.cat([0.6 + 0.5 * rand(persons, 1), 0.2 * rand(persons, 2) - 0.1], -1)
    return boxes.to(dtype), focal.to(dtype), camera.to(dtype)


def test_boxes_survive_their_encoding():
    rois, focal, _ = scene()
    decoded = decode_bbox_info(encode_bbox_info(rois, focal[:, None]))
    torch.testing.assert_close(decoded * focal[:, None, None], rois)


@pytest.mark.parametrize(('dtype', 'limit'), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_every_local_camera_is_the_same_full_camera(dtype, limit):
    rois, focal, camera = scene(dtype=dtype)
    local = spread_camera(camera, encode_bbox_info(rois, focal[:, None]))
    for i in range(len(rois)):
        full = crop_to_full(camera[i].tolist(), rois[i, 0].tolist(), focal[i].item())
        for m in range(rois.shape[1]):
            expected = full_to_crop(full, rois[i, m].tolist(), focal[i].item())
            assert local[i, m].tolist() == pytest.approx(list(expected), rel=limit, abs=limit)


def head(**options):
    torch.manual_seed(0)
    decoder = {'type': 'HMRRegressor', 'hidden_channels': (16, 16)}
    return RoIAwareFusionHead(8, 5, camera_from='shared', decoder=decoder, **options)


def test_the_head_is_consistent_by_construction():
    rois, focal, _ = scene(dtype=torch.float32)
    info = encode_bbox_info(rois, focal[:, None])
    out = head().eval()(torch.randn(4, 5, 8), info)
    assert out['pred_cam'].shape == (4, 5, 3)
    full = crop_to_full_camera(out['pred_cam'], rois, focal[:, None])
    torch.testing.assert_close(full, full[:, :1].expand_as(full), rtol=1e-4, atol=1e-4)
    assert camera_consistency_loss(out['pred_cam'], rois) < 1e-4


def test_gradients_reach_the_one_camera():
    rois, focal, _ = scene(dtype=torch.float32)
    model = head()
    out = model(torch.randn(4, 5, 8), encode_bbox_info(rois, focal[:, None]))
    out['pred_cam'].square().sum().backward()
    gradients = [p.grad for p in model.camera_decoder.parameters()]
    assert all(g.isfinite().all() and g.abs().max() > 0 for g in gradients)


def test_it_needs_one_mesh_per_person():
    with pytest.raises(ValueError, match="mesh_from='mean'"):
        head(mesh_from='roi')
    with pytest.raises(ValueError, match='each, shared'):
        RoIAwareFusionHead(8, 5, camera_from='one')
