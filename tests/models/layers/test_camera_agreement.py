"""The consensus of full cameras, and how far they are from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mroi_plugin.models.layers.camera_agreement import (
    camera_coordinates,
    confidence,
    consensus_camera,
    geometric_median,
    spread,
)

FOCAL = torch.tensor([900.0, 1500.0], dtype=torch.float64)
TRUE = torch.tensor([[0.3, -0.2, 4.0], [-1.0, 0.5, 9.0]], dtype=torch.float64)
JOINTS = torch.randn(2, 24, 3, generator=torch.Generator().manual_seed(0)).double() * 0.3


def noisy(scale, rois=5):
    noise = torch.randn(2, rois, 3, generator=torch.Generator().manual_seed(1)).double()
    return TRUE[:, None] * (1 + scale * noise)


def test_cameras_that_agree():
    cameras = TRUE[:, None].expand(2, 5, 3)
    consensus = consensus_camera(cameras, FOCAL)
    torch.testing.assert_close(consensus, TRUE, rtol=1e-9, atol=1e-9)
    pixels, meters = spread(JOINTS, cameras, consensus, FOCAL)
    assert pixels.max() < 1e-5 and meters.max() < 1e-8
    assert confidence(pixels, torch.full((2,), 200.0)).min() > 1 - 1e-9


def test_one_roi_is_its_own_consensus():
    cameras = noisy(0.1, rois=1)
    torch.testing.assert_close(consensus_camera(cameras, FOCAL), cameras[:, 0])


@pytest.mark.parametrize('outlier', [(2.0, 2.0, 12.0), (-1.0, 0.1, 1.0), (0.3, -0.2, 400.0)])
def test_one_outlier_of_five_hardly_moves_it(outlier):
    cameras = noisy(0.002)
    cameras[:, 3] = torch.tensor(outlier, dtype=torch.float64)
    error = (consensus_camera(cameras, FOCAL) / TRUE - 1).abs().max()
    mean_error = (cameras.mean(1) / TRUE - 1).abs().max()
    assert error < 0.01 < 10 * error < mean_error


def test_a_distance_of_coordinates_is_the_motion_of_a_point_a_metre_away():
    """To first order, against projections by the pinhole formula."""
    step = 1e-5
    for axis in range(3):
        moved = TRUE[:, None].repeat(1, 2, 1)
        moved[:, 1, axis] *= 1 + step
        coordinates = camera_coordinates(moved, FOCAL)
        distance = (coordinates[:, 1] - coordinates[:, 0]).norm(dim=-1)
        for n in range(2):
            point = np.array([1.0, 0, 0]) if axis == 2 else np.zeros(3)
            ends = [point + camera.numpy() for camera in moved[n]]
            pixels = [FOCAL[n].item() * end[:2] / end[2] for end in ends]
            tz = TRUE[n, 2].item()
            shift = np.array(pixels[1]) - np.array(pixels[0])
            if axis == 2:  # the origin moves by the first two coordinates, the point by all three
                origin = [FOCAL[n].item() * c[:2] / c[2] for c in moved[n].numpy()]
                shift = np.r_[origin[1] - origin[0], FOCAL[n].item() / tz * math.log(1 + step)]
            assert distance[n].item() == pytest.approx(np.linalg.norm(shift), rel=1e-3)


def test_the_geometric_median_has_the_least_sum_of_distances():
    points = torch.randn(3, 7, 3, generator=torch.Generator().manual_seed(2)).double()
    center = geometric_median(points)

    def total(x):
        return (points - x[:, None]).norm(dim=-1).sum(1)

    for direction in torch.eye(3, dtype=torch.float64):
        for sign in (-1, 1):
            assert (total(center + sign * 0.02 * direction) > total(center) - 1e-6).all()


def test_spread_against_a_loop():
    cameras = noisy(0.05)
    consensus = consensus_camera(cameras, FOCAL)
    pixels, meters = spread(JOINTS, cameras, consensus, FOCAL)
    for n in range(2):
        squares, depths = [], []
        for m in range(5):
            for k in range(24):
                a, b = (JOINTS[n, k] + c for c in (cameras[n, m], consensus[n]))
                off = FOCAL[n] * (a[:2] / a[2] - b[:2] / b[2])
                squares.append(float(off @ off))
            depths.append(float(cameras[n, m, 2] - consensus[n, 2]) ** 2)
        assert pixels[n].item() == pytest.approx(math.sqrt(sum(squares) / len(squares)))
        assert meters[n].item() == pytest.approx(math.sqrt(sum(depths) / 5))


def test_confidence_is_a_half_at_five_percent_and_falls():
    side = torch.tensor([200.0, 200.0, 200.0])
    told = confidence(torch.tensor([0.0, 10.0, 40.0]), side)
    assert told[0] == 1 and told[1] == 0.5 and told[2] < 0.1
