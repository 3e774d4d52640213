"""What the backbone sees of each RoI: crops as they are, shrunk, or one that all share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.preflight import check_crops
from mroi_plugin.models.backbones.blazepose import BlazePose
from mroi_plugin.models.encoders.crop_encoder import CropEncoder
from mroi_plugin.models.encoders.shared_map_encoder import SharedMapEncoder
from mroi_plugin.models.encoders.sized_crop_encoder import SizedCropEncoder
from mroi_plugin.models.layers.resampling import resize

SIZE = (400, 300)
HALVES = (1.0, 0.5, 0.5, 0.5, 0.5)


def crops_of(image, **options):
    """Crops and RoIs of one person in the middle of an image (H, W, 3)."""
    sample = {
        'image': image,
        'image_affine': np.eye(2, 3),
        'img_size': np.array(image.shape[1::-1], np.float64),
        'box_center': np.array([210.0, 140.0]),
        'box_size': np.array([90.0, 150.0]),
        'principal_point': np.array([200.0, 150.0]),
    }
    found = MultiRoICrop(**options)(sample)
    batch = {
        name: torch.tensor(found[name], dtype=torch.float32)[None]
        for name in ('rois', 'shared_roi')
        if name in found
    }
    return torch.from_numpy(found['img'])[None].float(), batch


def smooth_image():
    """Red rises to the right, green downwards, blue waves."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    blue = 128 + 100 * np.sin(x / 25) * np.cos(y / 30)
    return np.stack([x * 255 / SIZE[0], y * 255 / SIZE[1], blue], -1).astype(np.uint8)


class Pixels(nn.Module):
    """A backbone whose maps are the crop itself and its halves."""

    def forward(self, crops):
        half = crops.shape[-2] // 2, crops.shape[-1] // 2
        return [crops, resize(crops, half)]


@pytest.mark.parametrize('crop_size', [(64, 64), (48, 64)])
def test_a_shared_map_shows_what_the_crops_show(crop_size):
    """Means of pixels over each RoI, out of crops of its own and out of one that shows all."""
    image = smooth_image()
    own, batch = crops_of(image, crop_size=crop_size)
    shared, shared_batch = crops_of(image, crop_size=crop_size, shared=2.0)
    assert own.shape == (1, 5, 3, 64, crop_size[0])
    assert shared.shape == (1, 1, 3, 128, 2 * crop_size[0])
    assert shared_batch['rois'].equal(batch['rois'])
    expected = CropEncoder()(Pixels(), own, batch)
    found = SharedMapEncoder()(Pixels(), shared, shared_batch)
    assert found.shape == expected.shape == (1, 5, 6)
    assert (expected.amax(1) - expected.amin(1)).min() > 3  # the RoIs differ
    torch.testing.assert_close(found, expected, atol=1.0, rtol=0)


def test_the_shared_crop_just_shows_all_rois():
    _, batch = crops_of(smooth_image(), crop_size=(48, 64), shared=1.5)
    rois, (x, y, side) = batch['rois'][0], batch['shared_roi'][0]
    shape = torch.tensor([0.75, 1.0])
    low = (rois[:, :2] - shape * rois[:, 2:] / 2).amin(0)
    high = (rois[:, :2] + shape * rois[:, 2:] / 2).amax(0)
    middle = torch.stack([x, y])
    margins = torch.stack([low - middle + shape * side / 2, middle + shape * side / 2 - high])
    assert margins.min() > -1e-3 and margins.amin(1).shape == (2,)
    assert margins.amax(0).min().abs() < 1e-3  # it touches them on two sides


def test_crops_of_full_size_are_the_crops():
    torch.manual_seed(0)
    backbone = nn.Conv2d(3, 7, 3, 2)
    img = torch.rand(2, 3, 3, 32, 24)
    found = SizedCropEncoder((1.0, 1.0, 1.0))(backbone, img, {})
    torch.testing.assert_close(found, CropEncoder()(backbone, img, {}))


def test_every_roi_keeps_its_place_and_has_its_size():
    seen = []

    class Spy(nn.Module):
        def forward(self, crops):
            seen.append(tuple(crops.shape))
            return crops

    img = torch.arange(4.0)[None, :, None, None, None].expand(2, 4, 3, 32, 24)
    found = SizedCropEncoder((1.0, 0.5, 1.0, 0.25))(Spy(), img, {})
    assert seen == [(4, 3, 32, 24), (2, 3, 16, 12), (2, 3, 8, 6)]
    torch.testing.assert_close(found, torch.arange(4.0)[None, :, None].expand(2, 4, 3))


@pytest.fixture(scope='module', params=[16, 8])
def blazepose(request):
    return BlazePose('lite', split=request.param).eval()


@torch.no_grad()
def test_maps_lead_to_the_features_of_crops(blazepose):
    """What a cache keeps gives the same features, for every encoder."""
    torch.manual_seed(1)
    rois = torch.tensor([[[3.0, 2.0, 100.0], [10.0, -5.0, 140.0]]])
    batch = {'rois': rois, 'shared_roi': torch.tensor([[5.0, 0.0, 170.0]])}
    for encoder, shape in (
        (CropEncoder(), (1, 2, 3, 256, 256)),
        (SizedCropEncoder((1.0, 0.5)), (1, 2, 3, 256, 256)),
        (SharedMapEncoder(), (1, 1, 3, 384, 384)),
    ):
        img = torch.rand(shape)
        maps = encoder.maps(blazepose, img)
        assert maps.dim() == 5 and maps.shape[2] != 3
        features = encoder(blazepose, img, batch)
        assert features.shape == (1, 2, blazepose.out_channels)
        torch.testing.assert_close(encoder(blazepose, maps, batch), features)


@torch.no_grad()
def test_a_shared_crop_of_one_roi_is_its_crop(blazepose):
    img = torch.rand(2, 1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    rois = torch.tensor([[[3.0, 2.0, 100.0]], [[40.0, 8.0, 230.0]]])
    batch = {'rois': rois, 'shared_roi': rois[:, 0]}
    expected = CropEncoder()(blazepose, img, batch)
    found = SharedMapEncoder()(blazepose, img, batch)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_what_does_not_fit_is_refused():
    img, batch = torch.rand(1, 2, 3, 8, 8), {'rois': torch.rand(1, 2, 3)}
    with pytest.raises(ValueError, match='2 crop.s. for each person.*shared=1.5 in MultiRoICrop'):
        SharedMapEncoder()(Pixels(), img, batch)
    with pytest.raises(ValueError, match='Flatten gives features, expected maps'):
        batch['shared_roi'] = torch.rand(1, 3)
        SharedMapEncoder()(nn.Flatten(), img[:, :1], batch)
    with pytest.raises(ValueError, match='3 scales for 2 crops'):
        SizedCropEncoder((1.0, 0.5, 0.5))(Pixels(), img, {})
    for scales in ((), (0.0,), (1.5,)):
        with pytest.raises(ValueError, match='above 0 and at most 1'):
            SizedCropEncoder(scales)
    with pytest.raises(ValueError, match='shared=0, expected a factor'):
        MultiRoICrop(shared=0)


@torch.no_grad()
def test_sizes_that_blazepose_cannot_halve_are_refused(blazepose):
    with pytest.raises(ValueError, match='a crop of 102x102 px, expected multiples of 32'):
        SizedCropEncoder((1.0, 0.4))(blazepose, torch.rand(1, 2, 3, 256, 256), {})


def test_encoder_and_crops_are_compared_before_training():
    shared = "model.encoder={'type':'SharedMapEncoder'}"
    with pytest.raises(ValueError, match=r'pipeline.crop.*shared=None, but .* is SharedMapEncoder'):
        check_crops(load_config('mroi_synthetic', options=[shared]))
    crop = 'train_dataloader.dataset.pipeline.crop.shared=1.5'
    with pytest.raises(ValueError, match=r'train_dataloader.*shared=1.5, but .* is CropEncoder'):
        check_crops(load_config('mroi_synthetic', options=[crop]))


@pytest.mark.parametrize('scales', [HALVES, None])
def test_gradients_reach_the_backbone(scales):
    torch.manual_seed(0)
    backbone = nn.Conv2d(3, 4, 3, 2, padding=1)
    encoder = SharedMapEncoder() if scales is None else SizedCropEncoder(scales)
    img = torch.rand(2, 1 if scales is None else 5, 3, 32, 32)
    rois = torch.tensor([0.0, 0.0, 60.0]) + torch.rand(2, 5, 3)
    batch = {'rois': rois, 'shared_roi': torch.tensor([[0.0, 0.0, 90.0]]).expand(2, 3)}
    encoder(backbone, img, batch).square().sum().backward()
    assert backbone.weight.grad.isfinite().all() and backbone.weight.grad.abs().max() > 0
