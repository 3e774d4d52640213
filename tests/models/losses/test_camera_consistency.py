"""Camera consistency (Eq. 16) against the looped oracle."""

from __future__ import annotations

import pytest
import torch
from oracles.camera_consistency import (
    camera_consistency,
    relative_consistency,
    released_consistency,
)

from mroi_plugin.cameras import full_to_crop_camera
from mroi_plugin.models.losses.camera_consistency import CameraConsistencyLoss

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def camera_loss(*weights, **options):
    """The loss of the package as a function of cameras and RoIs."""
    printed = {'units': 'px', 'reduction': 'sum'}
    loss = CameraConsistencyLoss(*weights, **{**printed, **options})
    return lambda cameras, boxes: loss({'pred_cam': cameras}, {'rois': boxes})


def scene(persons: int, rois: int, dtype: torch.dtype = torch.float64):
    """Cameras and RoIs, both (N, M, 3)."""
    generator = torch.Generator().manual_seed(7)

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(persons, rois, *shape, generator=generator, dtype=torch.float64)

    cameras = torch.cat([0.5 + rand(1), rand(2) - 0.5], -1)
    boxes = torch.cat([800 * rand(2) - 400, 80 + 400 * rand(1)], -1)
    return cameras.to(dtype), boxes.to(dtype)


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
@pytest.mark.parametrize('pairs', ['all', 'anchor'])
@pytest.mark.parametrize(('persons', 'rois'), [(3, 5), (1, 5), (4, 2), (2, 1), (1, 1)])
def test_is_eq_15_and_16(persons, rois, pairs, dtype):
    cameras, boxes = scene(persons, rois, dtype)
    actual = camera_loss(pairs=pairs)(cameras, boxes).item()
    expected = camera_consistency(cameras.numpy(), boxes.numpy(), pairs=pairs)
    assert actual == pytest.approx(expected, rel=TOLERANCE[dtype], abs=1e-12)


@pytest.mark.parametrize('weights', [(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0), (0.3, 0.2, 0.01)])
def test_every_weight_is_its_own(weights):
    cameras, boxes = scene(2, 3)
    loss = camera_loss(*weights, loss_weight=2.0)(cameras, boxes).item()
    expected = 2 * camera_consistency(cameras.numpy(), boxes.numpy(), weights)
    assert loss == pytest.approx(expected, rel=1e-10)


def test_two_rois_have_only_anchor_pairs():
    cameras, boxes = scene(3, 2)
    every, anchor = (camera_loss(pairs=p)(cameras, boxes) for p in ('all', 'anchor'))
    torch.testing.assert_close(every, anchor)


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
@pytest.mark.parametrize('pairs', ['all', 'anchor'])
def test_consistent_cameras_cost_nothing(pairs, dtype):
    _, boxes = scene(4, 5)
    focal = torch.full((4, 1), 1100.0, dtype=torch.float64)
    full = torch.tensor([0.4, -0.3, 7.0], dtype=torch.float64)
    cameras = full_to_crop_camera(full.expand(4, 1, 3), boxes, focal)
    assert camera_loss(pairs=pairs)(cameras.to(dtype), boxes.to(dtype)) < 1e-8


def test_permuting_the_rois_does_not_matter_for_all_pairs():
    cameras, boxes = scene(3, 5)
    order = torch.tensor([4, 2, 0, 1, 3])
    loss = camera_loss()
    torch.testing.assert_close(loss(cameras, boxes), loss(cameras[:, order], boxes[:, order]))


@pytest.mark.parametrize('pairs', ['all', 'anchor'])
def test_gradients(pairs):
    cameras, boxes = scene(2, 3)
    cameras.requires_grad_()
    loss = camera_loss(pairs=pairs)
    assert torch.autograd.gradcheck(lambda c: loss(c, boxes), (cameras,))


def test_one_roi_contributes_zero_with_a_graph():
    cameras, boxes = scene(3, 1)
    cameras.requires_grad_()
    loss = camera_loss()(cameras, boxes)
    loss.backward()
    assert loss == 0 and cameras.grad.eq(0).all()


@pytest.mark.parametrize('s', [0.0, -0.0, 1e-38, -1e-12, 1e-4, -0.7])
def test_hopeless_scales_stay_finite(s):
    cameras, boxes = scene(2, 5, torch.float32)
    cameras[0, 2, 0] = s
    cameras.requires_grad_()
    loss = camera_loss()(cameras, boxes)
    loss.backward()
    assert loss.isfinite() and cameras.grad.isfinite().all()
    assert cameras.grad[0, 2, 0] != 0  # the size term still pulls the scale back


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_cameras(dtype):
    """Squares of b s overflow float16: the loss is computed in float32."""
    cameras, boxes = scene(2, 5, torch.float32)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = camera_loss()(cameras.to(dtype), boxes * 4)
    expected = camera_consistency(cameras.to(dtype).double().numpy(), (boxes * 4).numpy())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_unknown_pairs():
    with pytest.raises(ValueError, match="pairs='ring'"):
        camera_loss(pairs='ring')


@pytest.mark.parametrize(('persons', 'rois'), [(3, 5), (4, 2), (2, 8), (2, 1)])
def test_the_default_is_relative_to_roi_0(persons, rois):
    cameras, boxes = scene(persons, rois)
    actual = CameraConsistencyLoss()({'pred_cam': cameras}, {'rois': boxes}).item()
    expected = relative_consistency(cameras.numpy(), boxes.numpy())
    assert actual == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(('persons', 'rois'), [(3, 5), (4, 2), (2, 1)])
def test_the_released_form_has_its_own_oracle(persons, rois):
    cameras, boxes = scene(persons, rois)
    loss = CameraConsistencyLoss(units='px', weight_s=1e-8, pairs='anchor')
    actual = loss({'pred_cam': cameras}, {'rois': boxes}).item()
    expected = released_consistency(cameras.numpy(), boxes.numpy())
    assert actual == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize('size', [0.5, 2.0, 3.0])
def test_the_default_does_not_depend_on_the_resolution(size):
    cameras, boxes = scene(4, 5)
    one, other = (
        CameraConsistencyLoss()({'pred_cam': cameras}, {'rois': boxes * factor})
        for factor in (1.0, size)
    )
    torch.testing.assert_close(one, other)
    printed = camera_loss(1e-9, 1e-9)
    assert printed(cameras, boxes * size) == pytest.approx(
        size**2 * printed(cameras, boxes).item(), rel=1e-6
    )


def test_the_default_does_not_depend_on_the_number_of_rois():
    """Cameras of the same spread: the mean over many persons is the same for every M."""
    found = []
    for rois in range(2, 9):
        cameras, _ = scene(4000, rois)
        boxes = torch.tensor([10.0, -20.0, 200.0], dtype=torch.float64).expand(4000, rois, 3)
        found.append(CameraConsistencyLoss()({'pred_cam': cameras}, {'rois': boxes}).item())
    assert max(found) == pytest.approx(min(found), rel=0.05)


@pytest.mark.parametrize(
    ('option', 'value', 'known'),
    [('units', 'cm', 'relative, px'), ('reduction', 'max', 'mean, sum'), ('pairs', 'x', 'anchor')],
)
def test_unknown_options_are_named(option, value, known):
    with pytest.raises(ValueError, match=rf"{option}='{value}'.*{known}"):
        CameraConsistencyLoss(**{option: value})
