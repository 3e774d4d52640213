"""One body through the full camera of every RoI."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import cameras as oracle

from mroi_plugin.cameras import full_to_crop_camera
from mroi_plugin.models.layers.full_camera_projector import FullCameraProjector


def scene(persons: int, rois: int, dtype: torch.dtype = torch.float64):
    """Points (N, K, 3), cameras (N, M, 3), RoIs (N, M, 3) and focal lengths (N)."""
    torch.manual_seed(persons * 10 + rois)
    points = torch.randn(persons, 6, 3, dtype=torch.float64) * 0.4
    scale = 0.5 + torch.rand(persons, rois, 1, dtype=torch.float64)
    cameras = torch.cat([scale, torch.randn(persons, rois, 2, dtype=torch.float64) * 0.2], -1)
    center = torch.randn(persons, rois, 2, dtype=torch.float64) * 200
    side = 80 + 400 * torch.rand(persons, rois, 1, dtype=torch.float64)
    focal = 500 + 1000 * torch.rand(persons, dtype=torch.float64)
    return [x.to(dtype) for x in (points, cameras, torch.cat([center, side], -1), focal)]


@pytest.mark.parametrize(('dtype', 'limit'), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
@pytest.mark.parametrize(('persons', 'rois'), [(3, 5), (1, 1), (1, 4), (4, 1)])
def test_is_eq_12_to_14(persons, rois, dtype, limit):
    points, cameras, boxes, focal = scene(persons, rois, dtype)
    pixels = FullCameraProjector()(points, cameras, boxes, focal)
    assert pixels.shape == (persons, rois, 6, 2)
    for i in range(persons):
        for m in range(rois):
            camera, box = cameras[i, m].double().numpy(), boxes[i, m].double().numpy()
            full = oracle.crop_to_full(camera, box, focal[i].item())
            expected = oracle.project(points[i].double().numpy(), full, focal[i].item())
            actual = pixels[i, m].double().numpy()
            np.testing.assert_allclose(actual, expected, atol=limit * np.abs(expected).max())


def test_consistent_cameras_agree_on_every_pixel():
    points, _, boxes, focal = scene(3, 5)
    full = torch.tensor([[0.2, -0.1, 5.0]], dtype=torch.float64).expand(3, -1)
    cameras = full_to_crop_camera(full[:, None], boxes, focal[:, None])
    pixels = FullCameraProjector()(points, cameras, boxes, focal)
    torch.testing.assert_close(pixels, pixels[:, :1].expand_as(pixels), rtol=0, atol=1e-8)


def test_gradients():
    points, cameras, boxes, focal = scene(2, 2)
    points.requires_grad_()
    cameras.requires_grad_()
    project = FullCameraProjector()
    assert torch.autograd.gradcheck(
        lambda p, c: project(p, c, boxes, focal) / 100, (points, cameras)
    )


def test_autocast_keeps_pixels_in_float32():
    points, cameras, boxes, focal = scene(2, 3, torch.float32)
    expected = FullCameraProjector()(points, cameras, boxes, focal)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        pixels = FullCameraProjector()(points, cameras, boxes, focal)
    assert pixels.dtype == torch.float32
    torch.testing.assert_close(pixels, expected)
