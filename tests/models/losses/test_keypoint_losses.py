"""L_2D and L_3D against the looped oracles, and their masks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import body_losses as oracle
from oracles.cameras import crop_to_full, project

from mroi_plugin.models.losses.keypoints3d import Keypoints3DLoss
from mroi_plugin.models.losses.reprojection import ReprojectionLoss, reprojection_loss

ROOTS = [[0], [1, 2]]


def joint_loss(**options):
    """The loss of the package as a function of joints, targets and roots."""
    loss = Keypoints3DLoss(**options)

    def of(joints, target, roots):
        loss.roots = roots
        return loss({'pred_joints': joints}, {'keypoints3d': target})

    return of


def scene(persons: int = 3, rois: int = 4, points: int = 6) -> dict[str, torch.Tensor]:
    """A batch with joints of different confidence, some not annotated."""
    rng = np.random.default_rng(4)
    scale = rng.uniform(0.6, 1.2, (persons, rois, 1))
    center = rng.uniform(-200, 200, (persons, rois, 2))
    confidence = rng.choice([0.0, 0.5, 1.0], (persons, points, 1), p=[0.3, 0.2, 0.5])
    arrays = {
        'points': rng.normal(0, 0.3, (persons, points, 3)),
        'cameras': np.concatenate([scale, rng.normal(0, 0.1, (persons, rois, 2))], -1),
        'rois': np.concatenate([center, rng.uniform(80, 500, (persons, rois, 1))], -1),
        'focal': rng.uniform(700, 1500, persons),
        'target': np.concatenate([rng.uniform(-300, 300, (persons, points, 2)), confidence], -1),
        'target3d': np.concatenate([rng.normal(0, 0.3, (persons, points, 3)), confidence], -1),
    }
    return {name: torch.tensor(value) for name, value in arrays.items()}


def expected_2d(batch: dict[str, torch.Tensor]) -> float:
    """As printed: sum over RoIs of the mean of conf ((p - p') / b)^2 over the annotated joints."""
    b = {name: value.double().numpy() for name, value in batch.items()}
    total = 0.0
    for m in range(b['rois'].shape[1]):
        terms = []
        for i in range(len(b['rois'])):
            residual = oracle.reprojection_distances(
                b['points'][i],
                b['cameras'][i, m : m + 1],
                b['rois'][i, m : m + 1],
                b['focal'][i],
                (0, 0),
                b['target'][i, :, :2],
            )[0]
            for k, confidence in enumerate(b['target'][i, :, 2]):
                if confidence > 0:
                    terms += [confidence * r**2 for r in residual[k]]
        total += oracle.mean_or_zero(terms)
    return total


PRINTED = {'robust': None, 'reduction': 'sum'}


def expected_robust(batch: dict[str, torch.Tensor], c: float, share: float = 1.0) -> float:
    """Mean over RoIs and annotated joints of conf c^2 log(1 + d^2 / c^2) / 2, d in units of b."""
    b = {name: value.double().numpy() for name, value in batch.items()}
    terms = []
    for i in range(len(b['rois'])):
        distances = oracle.reprojection_distances(
            b['points'][i], b['cameras'][i], b['rois'][i], b['focal'][i], (0, 0),
            b['target'][i, :, :2],
        )  # fmt: skip
        for of_roi in distances:
            for residual, confidence in zip(of_roi, b['target'][i, :, 2]):
                if confidence > 0:
                    squared = float(residual @ residual) / share**2
                    terms.append(confidence * c**2 * np.log1p(squared / c**2) / 2)
    return oracle.mean_or_zero(terms)


def reprojection(batch: dict[str, torch.Tensor], **options) -> torch.Tensor:
    """The loss of the package on a scene."""
    outputs = {'pred_joints': batch['points'], 'pred_cam': batch['cameras']}
    truth = {
        'keypoints2d': batch['target'],
        'rois': batch['rois'],
        'focal_length': batch['focal'],
        'principal_point': torch.zeros_like(batch['rois'][:, 0, :2]),
    }
    return ReprojectionLoss(**options)(outputs, truth)


@pytest.mark.parametrize(('dtype', 'limit'), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
@pytest.mark.parametrize(('persons', 'rois'), [(3, 4), (1, 1), (2, 1), (1, 5)])
def test_reprojection_is_the_sum_over_rois(persons, rois, dtype, limit):
    batch = {name: value.to(dtype) for name, value in scene(persons, rois).items()}
    loss = reprojection(batch, loss_weight=2.0, **PRINTED)
    assert loss.item() == pytest.approx(2 * expected_2d(batch), rel=limit)


@pytest.mark.parametrize(('persons', 'rois'), [(3, 4), (1, 1), (1, 5)])
def test_the_default_is_robust_and_the_mean_over_rois(persons, rois):
    batch = scene(persons, rois)
    assert reprojection(batch).item() == pytest.approx(expected_robust(batch, 1.0), rel=1e-10)
    other = reprojection(batch, robust=0.3, units='half_side').item()
    assert other == pytest.approx(expected_robust(batch, 0.3, share=0.5), rel=1e-10)


def test_the_released_form_is_four_times_the_mean_of_squares():
    batch = scene()
    released = reprojection(batch, robust=None, units='half_side')
    assert released.item() == pytest.approx(4 * expected_2d(batch) / 4, rel=1e-10)


def test_small_errors_are_squared():
    target = torch.tensor([[[10.0, 20.0, 1.0]]])
    pixels, rois = torch.tensor([[[[10.5, 20.5]]]]), torch.tensor([[[0.0, 0.0, 100.0]]])
    robust, squared = (reprojection_loss(pixels, target, rois, c) for c in (1.0, None))
    torch.testing.assert_close(robust, squared, rtol=1e-4, atol=0)


@pytest.mark.parametrize('size', [0.5, 2.0, 3.0])
def test_the_default_does_not_depend_on_the_resolution(size):
    batch = scene()
    larger = {**batch, 'rois': batch['rois'] * size, 'focal': batch['focal'] * size}
    larger['target'] = batch['target'] * torch.tensor([size, size, 1.0])
    torch.testing.assert_close(reprojection(larger), reprojection(batch))


def test_the_default_does_not_depend_on_the_number_of_rois():
    one = scene(3, 1)
    for rois in range(1, 9):
        several = {**one, **{name: one[name].expand(3, rois, 3) for name in ('cameras', 'rois')}}
        torch.testing.assert_close(reprojection(several), reprojection(one))


@pytest.mark.parametrize('depth', [2.0, 0.5, 0.1, 0.06, 0.05, 0.01, -0.03, -1.0])
def test_gradients_are_bounded_near_the_plane_of_the_camera(depth):
    """Of points (0.3 m beside the axis) in meters; squares reach 1e5 and more there."""
    points = torch.tensor([[[0.3, -0.3, depth - 10.0]]], dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[[0.0, 0.0, 200.0]]], dtype=torch.float64)
    batch = {
        'points': points,
        'cameras': torch.tensor([[[1.0, 0.0, 0.0]]], dtype=torch.float64),
        'rois': rois,
        'focal': torch.tensor([1000.0], dtype=torch.float64),
        'target': torch.tensor([[[5.0, 5.0, 1.0]]], dtype=torch.float64),
    }
    robust, squared = reprojection(batch), reprojection(batch, robust=None)
    (gradient,) = torch.autograd.grad(robust, points)
    assert robust < 10 and gradient.norm() < 25
    if 0.01 < abs(depth) < 0.1:
        assert squared > 100


@pytest.mark.parametrize(
    ('options', 'named'),
    [
        ({'robust': 0}, 'robust=0'),
        ({'units': 'px'}, 'half_side'),
        ({'reduction': 'max'}, 'mean, sum'),
    ],
)
def test_unknown_options_of_the_reprojection_are_named(options, named):
    with pytest.raises(ValueError, match=named):
        ReprojectionLoss(**options)


def test_annotations_are_pixels_from_the_corner_of_the_image():
    batch, center = scene(), torch.tensor([[320.0, 240.0], [10.0, -5.0], [0.5, 0.25]])
    outputs = {'pred_joints': batch['points'], 'pred_cam': batch['cameras']}
    moved = batch['target'].clone()
    moved[..., :2] += center[:, None]
    truth = {'rois': batch['rois'], 'focal_length': batch['focal'], 'keypoints2d': moved}
    loss = ReprojectionLoss()(outputs, {**truth, 'principal_point': center})
    torch.testing.assert_close(loss, reprojection(batch))


def test_reprojection_of_the_truth_is_zero():
    batch = scene()
    b = {name: value.numpy() for name, value in batch.items()}
    for i in range(3):
        camera = crop_to_full(b['cameras'][i, 0], b['rois'][i, 0], b['focal'][i])
        pixels = project(b['points'][i], camera, b['focal'][i])
        batch['target'][i, :, :2] = torch.tensor(pixels)
    batch['cameras'], batch['rois'] = batch['cameras'][:, :1], batch['rois'][:, :1]
    assert reprojection(batch) < 1e-20


def test_crops_of_all_sizes_count_alike():
    """The same residual in units of b costs the same in a small and in a large RoI."""
    target = torch.tensor([[[10.0, 20.0, 1.0]]])
    losses = []
    for side in (50.0, 400.0):
        pixels = torch.tensor([[[[10 + 0.1 * side, 20 - 0.2 * side]]]])
        rois = torch.tensor([[[3.0, 4.0, side]]])
        losses.append(reprojection_loss(pixels, target, rois, robust=None))
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(losses[0], torch.tensor((0.1**2 + 0.2**2) / 2))


def test_reprojection_ignores_what_is_not_annotated():
    batch = scene()
    expected = reprojection(batch).item()
    hidden = batch['target'][..., 2] == 0
    assert hidden.any()
    batch['target'][..., :2][hidden] = 1e4
    batch['cameras'].requires_grad_()
    loss = reprojection(batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    assert batch['cameras'].grad.isfinite().all()


def test_reprojection_without_annotations_is_zero_with_a_graph():
    batch = scene()
    batch['target'][..., 2] = 0
    batch['cameras'].requires_grad_()
    loss = reprojection(batch)
    loss.backward()
    assert loss == 0 and batch['cameras'].grad.eq(0).all()


@pytest.mark.parametrize('s', [0.0, 1e-20, -1e-6, -0.9])
def test_reprojection_survives_hopeless_scales(s):
    batch = {name: value.float() for name, value in scene().items()}
    batch['cameras'][1, 2, 0] = s
    batch['cameras'].requires_grad_()
    loss = reprojection(batch)
    loss.backward()
    assert loss.isfinite() and batch['cameras'].grad.isfinite().all()


def test_reprojection_gradients():
    batch = scene(2, 2, 3)
    batch['cameras'].requires_grad_()
    assert torch.autograd.gradcheck(
        lambda c: reprojection({**batch, 'cameras': c}), batch['cameras']
    )


def expected_3d(joints: np.ndarray, target: np.ndarray, roots: list, squared: bool) -> float:
    """Mean over annotated joints of conf (J - J')^2, by coordinate, or of conf |J - J'|, each
    person centered on a full root."""
    terms = []
    for j, t in zip(joints, target):
        for root in roots:
            if all(t[k, 3] > 0 for k in root):
                centered = j - j[root].mean(0)
                centered_target = t[:, :3] - t[root, :3].mean(0)
                for k in (k for k in range(len(j)) if t[k, 3] > 0):
                    off = centered[k] - centered_target[k]
                    terms += [t[k, 3] * x for x in (off**2 if squared else [np.linalg.norm(off)])]
                break
    return oracle.mean_or_zero(terms)


def persons_3d() -> tuple[torch.Tensor, torch.Tensor]:
    """Four persons: first root known, only the second, neither, and nothing annotated."""
    rng = np.random.default_rng(8)
    confidence = np.array(
        [
            [1, 1, 1, 0, 0.5, 1],
            [0, 1, 0.5, 1, 1, 0],
            [0, 0, 1, 1, 1, 1],
            [0, 0, 0, 0, 0, 0],
        ]
    )
    target = np.concatenate([rng.normal(0, 0.3, (4, 6, 3)), confidence[..., None]], -1)
    return torch.tensor(rng.normal(0, 0.3, (4, 6, 3))), torch.tensor(target)


@pytest.mark.parametrize('squared', [True, False])
@pytest.mark.parametrize(('dtype', 'limit'), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_joints_are_centered_on_the_pelvis(dtype, limit, squared):
    joints, target = persons_3d()
    loss = joint_loss(loss_weight=2.0, squared=squared)
    loss = loss(joints.to(dtype), target.to(dtype), ROOTS)
    expected = 2 * expected_3d(joints.numpy(), target.numpy(), ROOTS, squared)
    assert loss.item() == pytest.approx(expected, rel=limit)


def test_joints_do_not_feel_translation():
    joints, target = persons_3d()
    moved = target.clone()
    moved[..., :3] += torch.tensor([0.5, -3.0, 20.0])
    loss = joint_loss()
    torch.testing.assert_close(loss(joints + 7, moved, ROOTS), loss(joints, target, ROOTS))


def test_joints_that_are_not_annotated_do_not_count_whatever_they_hold():
    joints, target = persons_3d()
    expected = joint_loss()(joints, target, ROOTS).item()
    target[..., :3][target[..., 3] == 0] = 1e4
    joints.requires_grad_()
    loss = joint_loss()(joints, target, ROOTS)
    loss.backward()
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    assert joints.grad.isfinite().all() and joints.grad[2:].eq(0).all()


def test_no_joints_is_zero_with_a_graph():
    joints, target = persons_3d()
    joints.requires_grad_()
    loss = joint_loss()(joints, torch.zeros_like(target), ROOTS)
    loss.backward()
    assert loss == 0 and joints.grad.eq(0).all()


def test_joint_gradients():
    joints, target = persons_3d()
    joints.requires_grad_()
    assert torch.autograd.gradcheck(lambda j: joint_loss()(j, target, ROOTS), (joints,))
