"""`mroi_plugin.cameras` against the looped oracles, and the properties of v2 Sec. 3.2."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import cameras as oracle

from mroi_plugin import cameras

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def scene(persons: int = 3, rois: int = 5, points: int = 7, dtype=torch.float64, seed: int = 0):
    """Random cameras (N, M, 3), RoIs (N, M, 3), focal lengths (N), points (N, K, 3)."""
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.5, 1.3, (persons, rois, 1))
    camera = np.concatenate([scale, rng.normal(0, 0.2, (persons, rois, 2))], -1)
    center = rng.uniform(-400, 400, (persons, rois, 2))
    roi = np.concatenate([center, rng.uniform(80, 600, (persons, rois, 1))], -1)
    focal = rng.uniform(600, 2000, persons)
    body = rng.normal(0, 0.4, (persons, points, 3))
    return [torch.tensor(x, dtype=dtype) for x in (camera, roi, focal, body)]


def assert_close(actual: torch.Tensor, expected: np.ndarray, relative: bool = True) -> None:
    """Within 1e-10 for float64 and 1e-5 for float32, relative to the largest number."""
    expected = np.asarray(expected)
    limit = TOLERANCE[actual.dtype] * max(1.0, np.abs(expected).max() if relative else 1.0)
    assert actual.shape == expected.shape
    assert np.abs(actual.double().numpy() - expected).max() <= limit


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
@pytest.mark.parametrize(('persons', 'rois'), [(3, 5), (1, 1), (2, 7)])
def test_crop_to_full_camera_is_eq_12(persons, rois, dtype):
    camera, roi, focal, _ = scene(persons, rois, dtype=dtype)
    expected = [
        [
            oracle.crop_to_full(c, r, f)
            for c, r in zip(camera[i].double().numpy(), roi[i].double().numpy())
        ]
        for i, f in enumerate(focal.double().tolist())
    ]
    assert_close(cameras.crop_to_full_camera(camera, roi, focal[:, None]), np.array(expected))


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
def test_full_to_crop_camera_solves_eq_12(dtype):
    _, roi, focal, _ = scene(dtype=dtype)
    full = torch.tensor([[0.3, -0.2, 6.0], [-1.0, 0.4, 12.0], [0, 0, 3.0]], dtype=dtype)
    actual = cameras.full_to_crop_camera(full, roi[:, 0], focal)
    expected = [
        oracle.full_to_crop(t.double().numpy(), r.double().numpy(), f.item())
        for t, r, f in zip(full, roi[:, 0], focal)
    ]
    assert_close(actual, np.array(expected))


@pytest.mark.parametrize('negative', [False, True])
def test_crop_and_full_are_inverse(negative):
    camera, roi, focal, _ = scene()
    if negative:
        camera[..., 0] *= -1
    full = cameras.crop_to_full_camera(camera, roi, focal[:, None])
    torch.testing.assert_close(
        cameras.full_to_crop_camera(full, roi, focal[:, None]), camera, rtol=0, atol=1e-12
    )
    again = cameras.full_to_crop_camera(full, roi, focal[:, None])
    torch.testing.assert_close(cameras.crop_to_full_camera(again, roi, focal[:, None]), full)


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
@pytest.mark.parametrize('with_principal_point', [False, True])
def test_project_points_is_a_pinhole(with_principal_point, dtype):
    camera, roi, focal, body = scene(dtype=dtype)
    full = cameras.crop_to_full_camera(camera[:, 0], roi[:, 0], focal)
    pp = torch.tensor([[320.5, 240.0], [10.0, -3.0], [960.0, 540.0]], dtype=dtype)
    actual = cameras.project_points(body, full, focal, pp if with_principal_point else None)
    expected = [
        oracle.project(
            b.double().numpy(),
            t.double().numpy(),
            f.item(),
            p.double().numpy() if with_principal_point else (0, 0),
        )
        for b, t, f, p in zip(body, full, focal, pp)
    ]
    assert_close(actual, np.array(expected))


def test_leading_dimensions_are_free():
    camera, roi, focal, body = scene(4, 5)
    whole = cameras.crop_to_full_camera(camera, roi, focal[:, None])
    one = cameras.crop_to_full_camera(camera[2, 3], roi[2, 3], focal[2])
    torch.testing.assert_close(whole[2, 3], one)
    pixels = cameras.project_points(body[:, None], whole, focal[:, None])
    assert pixels.shape == (4, 5, 7, 2)
    torch.testing.assert_close(pixels[2, 3], cameras.project_points(body[2], one, focal[2]))


def test_body_plane_lands_where_the_local_camera_says():
    """At the depth of the body the full camera and the weak perspective of the crop agree."""
    camera, roi, focal, body = scene()
    body[..., 2] = 0
    full = cameras.crop_to_full_camera(camera, roi, focal[:, None])
    pixels = cameras.project_points(body[:, None], full, focal[:, None])
    for i in range(3):
        for m in range(5):
            expected = oracle.weak_perspective_px(
                body[i].tolist(), camera[i, m].tolist(), roi[i, m].tolist()
            )
            np.testing.assert_allclose(pixels[i, m].numpy(), expected, rtol=0, atol=1e-9)


def test_a_body_of_two_meters_over_s_fills_the_crop():
    """s = 1 shows exactly 2 m on the longer side b of the crop, centered on the RoI."""
    camera = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    roi = torch.tensor([120.0, -40.0, 300.0], dtype=torch.float64)
    focal = torch.tensor(1000.0, dtype=torch.float64)
    ends = torch.tensor([[-1.0, 0, 0], [1.0, 0, 0]], dtype=torch.float64)
    full = cameras.crop_to_full_camera(camera, roi, focal)
    pixels = cameras.project_points(ends, full, focal)
    expected = torch.tensor([[-30.0, -40], [270, -40]], dtype=torch.float64)
    torch.testing.assert_close(pixels, expected)


def test_local_cameras_of_one_full_camera_project_alike():
    _, roi, focal, body = scene()
    full = torch.tensor([[0.3, -0.2, 6.0], [-1.0, 0.4, 12.0], [0, 0, 3.0]], dtype=torch.float64)
    local = cameras.full_to_crop_camera(full[:, None], roi, focal[:, None])
    again = cameras.crop_to_full_camera(local, roi, focal[:, None])
    pixels = cameras.project_points(body[:, None], again, focal[:, None])
    truth = cameras.project_points(body, full, focal)
    torch.testing.assert_close(pixels, truth[:, None].expand_as(pixels), rtol=0, atol=1e-8)


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
def test_bbox_info_is_cliffs(dtype):
    _, roi, focal, _ = scene(dtype=dtype)
    actual = cameras.encode_bbox_info(roi, focal[:, None])
    expected = [
        [oracle.bbox_info(r, f) for r in rois]
        for rois, f in zip(roi.double().numpy(), focal.double().tolist())
    ]
    assert_close(actual, np.array(expected))


def test_default_focal_length_is_the_diagonal():
    size = torch.tensor([[640.0, 480.0], [1920.0, 1080.0]], dtype=torch.float64)
    expected = [oracle.default_focal_px(*s) for s in size.tolist()]
    np.testing.assert_allclose(cameras.default_focal_length(size).numpy(), expected, rtol=1e-12)


def test_gradients():
    camera, roi, focal, body = scene(2, 2, 3)
    camera.requires_grad_()
    body.requires_grad_()

    def pixels(camera, body):
        full = cameras.crop_to_full_camera(camera, roi, focal[:, None])
        return cameras.project_points(body[:, None], full, focal[:, None]) / 100

    assert torch.autograd.gradcheck(pixels, (camera, body))
    full = torch.tensor([[0.3, -0.2, 6.0], [-1.0, 0.4, 12.0]], dtype=torch.float64)
    full.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda t: cameras.full_to_crop_camera(t, roi[:, 0], focal), (full,)
    )


@pytest.mark.parametrize('s', [0.0, -0.0, 1e-30, -1e-30, 1e-4, -1e-4, -0.8])
def test_hopeless_scales_stay_finite(s):
    camera = torch.tensor([s, 0.1, -0.1], requires_grad=True)
    roi = torch.tensor([200.0, -100.0, 150.0])
    focal = torch.tensor(1000.0)
    full = cameras.crop_to_full_camera(camera, roi, focal)
    pixels = cameras.project_points(torch.randn(5, 3), full, focal)
    pixels.square().mean().backward()
    assert full.isfinite().all() and pixels.isfinite().all() and camera.grad.isfinite().all()


def test_points_behind_the_camera_stay_finite():
    points = torch.tensor([[0.1, 0.2, -9.0], [0.0, 0.0, -2.0]], requires_grad=True)
    pixels = cameras.project_points(points, torch.tensor([0.0, 0.0, 2.0]), torch.tensor(1000.0))
    pixels.sum().backward()
    assert pixels.isfinite().all() and points.grad.isfinite().all()


@pytest.mark.parametrize('degrees', [0.0, 17.0, -30.0, 180.0])
def test_a_rotated_image_is_the_same_camera_with_its_principal_point_moved(degrees):
    """x' = f R(X/Z) + pp' with pp' = R (pp - c) + c; RoI centers turn about the principal point."""
    _, _, focal, body = scene(1)
    rng = np.random.default_rng(3)
    center, pp = np.array([300.0, 220.0]), np.array([320.0, 240.0])
    pelvis, transl = np.array([0.0, -0.22, 0.03]), np.array([-0.1, 0.3, 5.0])
    R2 = oracle.rotation_2d(degrees)
    # Joints in the camera frame of a body that SMPL turns about its pelvis.
    orient, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    posed = body[0].numpy()
    joints = posed @ orient.T + pelvis + transl
    rotated = oracle.rotate_sample(degrees, center, pp, joints, orient, transl, pelvis)
    before = project(joints, focal, pp)
    after = project(rotated['joints'], focal, rotated['pp'])
    np.testing.assert_allclose(after, (before - center) @ R2.T + center, atol=1e-9)
    again = posed @ rotated['global_orient'].T + pelvis + rotated['transl']
    np.testing.assert_allclose(again, rotated['joints'], atol=1e-12)
    np.testing.assert_allclose(center - rotated['pp'], R2 @ (center - pp), atol=1e-9)


def project(joints: np.ndarray, focal: torch.Tensor, pp: np.ndarray) -> np.ndarray:
    """Project camera-frame joints with the package."""
    points = torch.tensor(joints)
    origin = torch.zeros(3, dtype=torch.float64)
    return cameras.project_points(points, origin, focal[0], torch.tensor(pp)).numpy()
