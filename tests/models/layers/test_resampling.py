"""Resampling of maps against torch's own, against loops, and as geometry."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mroi_plugin.models.layers.resampling import resize, roi_align, sampling_matrix


@pytest.mark.parametrize('size', [(6, 6), (3, 5), (9, 4), (12, 18), (1, 1)])
def test_resize_is_torch_s_antialiased_bilinear(size):
    maps = torch.randn(2, 3, 6, 9, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(maps, size, mode='bilinear', antialias=True)
    torch.testing.assert_close(resize(maps, size), expected, atol=1e-5, rtol=1e-5)


def looped(maps, shown, rois, size):
    """RoIAlign, pixel by pixel: bilinear where a pixel of the result is no larger than the map's,
    and else a triangle as wide as itself; places beyond the middle of the outermost are there."""
    height, width = maps.shape[-2:]
    out = torch.zeros(*rois.shape[:2], maps.shape[1], *size, dtype=torch.float64)
    for n in range(len(maps)):
        scale = shown[n, 2] / max(height, width)  # px of the image in a pixel of the map
        for m in range(rois.shape[1]):
            pixel = rois[n, m, 2] / max(size)
            reach = max(pixel / scale, 1.0)
            for y in range(size[0]):
                for x in range(size[1]):
                    place = [
                        rois[n, m, axis] + (i + 0.5 - count / 2) * pixel
                        for axis, i, count in ((0, x, size[1]), (1, y, size[0]))
                    ]
                    at = [
                        min(max((p - shown[n, axis]) / scale + old / 2, 0.5), old - 0.5)
                        for axis, p, old in ((0, place[0], width), (1, place[1], height))
                    ]
                    total = 0.0
                    for row in range(height):
                        for column in range(width):
                            weight = max(0.0, 1 - abs(at[0] - column - 0.5) / reach)
                            weight *= max(0.0, 1 - abs(at[1] - row - 0.5) / reach)
                            out[n, m, :, y, x] += weight * maps[n, :, row, column]
                            total += weight
                    out[n, m, :, y, x] /= total
    return out


@pytest.fixture
def given():
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(2, 3, 8, 6, generator=generator, dtype=torch.float64)
    shown = torch.tensor([[10.0, -5.0, 160.0], [-40.0, 30.0, 90.0]], dtype=torch.float64)
    shift = torch.rand(2, 4, 2, generator=generator, dtype=torch.float64) - 0.5
    center = shown[:, None, :2] + 0.7 * shift * shown[:, None, 2:]
    side = shown[:, None, 2:] * torch.tensor([0.3, 0.6, 1.0, 1.4])[None, :, None]
    return maps, shown, torch.cat([center, side.double()], -1)


@pytest.mark.parametrize('size', [(8, 6), (4, 4), (3, 7)])
def test_roi_align_equals_loops(given, size):
    torch.testing.assert_close(roi_align(*given, size), looped(*given, size))


def test_what_is_shown_comes_back(given):
    maps, shown, _ = given
    whole = roi_align(maps, shown, shown[:, None], (8, 6))
    torch.testing.assert_close(whole[:, 0], maps)


def test_a_ramp_says_where_each_pixel_looks(given):
    """The map holds the x and y of its pixels: a RoI within it holds its own."""
    _, shown, _ = given
    pixel = (shown[:, 2] / 8)[:, None, None]
    x = shown[:, 0, None, None] + (torch.arange(6) - 2.5) * pixel
    y = shown[:, 1, None, None] + (torch.arange(8)[:, None] - 3.5) * pixel
    maps = torch.stack([x.expand(2, 8, 6), y.expand(2, 8, 6)], 1)
    rois = torch.stack([shown * torch.tensor([1, 1, 0.5]) + torch.tensor([7.0, -9.0, 0.0])], 1)
    found = roi_align(maps, shown, rois, (4, 4))[:, 0]
    own = rois[:, 0, 2, None] / 4 * (torch.arange(4) - 1.5)
    expected = rois[:, 0, :2, None] + own[:, None]
    torch.testing.assert_close(found[:, 0], expected[:, 0, None, :].expand(2, 4, 4))
    torch.testing.assert_close(found[:, 1], expected[:, 1, :, None].expand(2, 4, 4))


def test_gradients_of_maps_and_places(given):
    maps, shown, rois = given
    inside = [x.clone().requires_grad_() for x in (maps, shown, rois[:, :1])]
    assert torch.autograd.gradcheck(lambda *x: roi_align(*x, (3, 4)), inside)


def test_weights_sum_to_one_however_far_away():
    start, step = torch.tensor([-50.0, 0.2, 90.0]), torch.tensor([0.1, 2.5, 20.0])
    matrix = sampling_matrix(start, step, 5, 7)
    assert matrix.shape == (3, 5, 7) and (matrix >= 0).all()
    torch.testing.assert_close(matrix.sum(-1), torch.ones(3, 5))
    assert matrix[0, :, 0].eq(1).all() and matrix[2, :, 6].min() > 0
