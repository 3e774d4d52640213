"""L_smpl and L_vert against the looped oracles, and their masks."""

from __future__ import annotations

import pytest
import roma
import torch
from oracles import body_losses as oracle

from mroi_plugin.models.losses.betas import SMPLBetasLoss
from mroi_plugin.models.losses.pose import SMPLPoseLoss
from mroi_plugin.models.losses.vertices import VertexLoss

MASKS = {'pose': 'has_smpl', 'betas': 'has_betas', 'vertices': 'has_vertices'}
HAS_SMPL = torch.tensor([1, 0, 1, 1])


def body_loss(cls, name):
    """A loss of the package as a function of prediction, target and mask."""

    def build(**options):
        loss = cls(**options)
        return lambda pred, target, has: loss(
            {f'pred_{name}': pred}, {f'target_{name}': target, MASKS[name]: has}
        )

    return build


def cases() -> list:
    """(loss, prediction, target, the oracle's value) of four persons, the second unlabeled."""
    torch.manual_seed(5)
    vector = torch.randn(4, 24, 3, dtype=torch.float64)
    pose = roma.random_rotmat((4, 24), dtype=torch.float64)
    betas, target_betas = torch.randn(2, 4, 10, dtype=torch.float64)
    vertices, target_vertices = torch.randn(2, 4, 30, 3, dtype=torch.float64)
    has = HAS_SMPL.tolist()
    return [
        (
            body_loss(SMPLPoseLoss, 'pose'),
            pose,
            roma.rotvec_to_rotmat(vector),
            oracle.pose_loss(pose.numpy(), vector.numpy(), has),
        ),
        (
            body_loss(SMPLBetasLoss, 'betas'),
            betas,
            target_betas,
            oracle.betas_loss(betas.numpy(), target_betas.numpy(), has),
        ),
        (
            body_loss(VertexLoss, 'vertices'),
            vertices,
            target_vertices,
            oracle.vertex_loss(vertices.numpy(), target_vertices.numpy(), has),
        ),
    ]


@pytest.fixture(params=range(3), ids=['pose', 'betas', 'vertices'])
def case(request):
    """One of the three terms."""
    return cases()[request.param]


@pytest.mark.parametrize(('dtype', 'limit'), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_is_the_masked_mean(case, dtype, limit):
    build, pred, target, expected = case
    loss = build(loss_weight=3.0)(pred.to(dtype), target.to(dtype), HAS_SMPL)
    assert loss.item() == pytest.approx(3 * expected, rel=limit)


def test_unlabeled_persons_do_not_count_whatever_they_hold(case):
    build, pred, target, expected = case
    target = target.clone()
    target[1] = 1e3
    pred = pred.clone().requires_grad_()
    loss = build()(pred, target, HAS_SMPL)
    loss.backward()
    assert loss.item() == pytest.approx(expected, rel=1e-10)
    assert pred.grad[1].eq(0).all() and pred.grad.isfinite().all()


def test_nobody_labeled_is_zero_with_a_graph(case):
    build, pred, target, _ = case
    pred = pred.clone().requires_grad_()
    loss = build()(pred, target, torch.zeros(4))
    loss.backward()
    assert loss == 0 and pred.grad.eq(0).all()


def test_gradients(case):
    build, pred, target, _ = case
    small = pred[:, :2].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda p: build()(p, target[:, :2], HAS_SMPL), (small,))


def test_autocast_is_finite(case):
    build, pred, target, expected = case
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = build()(pred.bfloat16(), target.float(), HAS_SMPL)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected, rel=0.02)


def test_perfect_predictions_cost_nothing(case):
    build, _, target, _ = case
    assert build()(target, target, HAS_SMPL) == 0
