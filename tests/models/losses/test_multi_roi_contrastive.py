"""The contrastive loss (v2 Eq. 17, v1 Eq. 7) against the looped oracle."""

from __future__ import annotations

import math

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from oracles.contrastive import contrastive

from mroi_plugin.models.losses.multi_roi_contrastive import MultiRoIContrastiveLoss

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def contrastive_loss(*temperature, **options):
    """The loss of the package as a function of the embeddings."""
    loss = MultiRoIContrastiveLoss(*temperature, **options)
    return lambda z: loss({'embeddings': z}, {})


def embeddings(persons: int, rois: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Random embeddings (N, M, 8)."""
    generator = torch.Generator().manual_seed(11)
    return torch.randn(persons, rois, 8, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
@pytest.mark.parametrize('denominator', ['negatives', 'all'])
@pytest.mark.parametrize('reduction', ['mean', 'sum'])
@pytest.mark.parametrize(('persons', 'rois'), [(4, 5), (2, 2), (1, 5), (3, 1), (1, 1)])
def test_is_the_equation(persons, rois, reduction, denominator, dtype):
    z = embeddings(persons, rois, dtype)
    loss = contrastive_loss(denominator=denominator, reduction=reduction, loss_weight=1.0)(z)
    expected = contrastive(z.numpy(), denominator=denominator, reduction=reduction)
    assert loss.item() == pytest.approx(expected, rel=TOLERANCE[dtype], abs=1e-12)


@pytest.mark.parametrize('temperature', [0.1, 0.5, 2.0])
@pytest.mark.parametrize('normalize', [True, False])
def test_temperature_and_normalization(temperature, normalize):
    z = embeddings(3, 4)
    loss = contrastive_loss(temperature, normalize=normalize, loss_weight=0.1)(z)
    expected = 0.1 * contrastive(z.numpy(), temperature, normalize=normalize)
    assert loss.item() == pytest.approx(expected, rel=1e-10)


def test_known_value():
    """Two persons, orthogonal to each other: log D = log M, the positives are 1 / tau."""
    z = torch.zeros(2, 3, 4, dtype=torch.float64)
    z[0, :, 0] = 3.0
    z[1, :, 1] = 0.5
    loss = contrastive_loss(loss_weight=1.0)(z).item()
    assert loss == pytest.approx(math.log(3) - 2, rel=1e-12)


@pytest.mark.parametrize('denominator', ['negatives', 'all'])
def test_order_of_persons_and_rois_does_not_matter(denominator):
    z = embeddings(4, 5)
    loss = contrastive_loss(denominator=denominator)
    torch.testing.assert_close(loss(z), loss(z[[2, 0, 3, 1]][:, [4, 1, 0, 3, 2]]))


@pytest.mark.parametrize('denominator', ['negatives', 'all'])
def test_gradients(denominator):
    z = embeddings(3, 2).requires_grad_()
    loss = contrastive_loss(denominator=denominator)
    assert torch.autograd.gradcheck(loss, (z,))


@pytest.mark.parametrize(
    ('persons', 'rois', 'denominator'), [(1, 5, 'negatives'), (4, 1, 'negatives'), (4, 1, 'all')]
)
def test_nothing_to_contrast_is_zero_with_a_graph(persons, rois, denominator):
    z = embeddings(persons, rois).requires_grad_()
    loss = contrastive_loss(denominator=denominator)(z)
    loss.backward()
    assert loss == 0 and z.grad.eq(0).all()


@pytest.mark.parametrize('denominator', ['negatives', 'all'])
def test_extreme_embeddings_stay_finite(denominator):
    z = embeddings(3, 4, torch.float32)
    z[0, 0] = 0
    z[1] = 1e18
    z.requires_grad_()
    loss = contrastive_loss(temperature=0.01, denominator=denominator)(z)
    loss.backward()
    assert loss.isfinite() and z.grad.isfinite().all()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16, torch.float32])
def test_autocast_computes_in_float32(dtype):
    z = embeddings(4, 5, torch.float32).to(dtype)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = contrastive_loss(loss_weight=1.0)(z)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(contrastive(z.double().numpy()), rel=1e-5)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'denominator': 'some'}, "denominator='some'"),
        ({'reduction': 'none'}, "reduction='none'"),
        ({'temperature': 0.0}, 'temperature=0.0'),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        contrastive_loss(**options)


def run_rank(rank: int, denominator: str, rois_first: bool, folder: str) -> None:
    """One of two ranks with half of the persons: save its loss and its gradient."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    z = embeddings(4, 3)[2 * rank : 2 * rank + 2].clone()
    if rois_first:
        z = z.transpose(0, 1).contiguous().transpose(0, 1)
    z.requires_grad_()
    loss = contrastive_loss(denominator=denominator, loss_weight=1.0)(z)
    loss.backward()
    torch.save((loss.detach(), z.grad.contiguous()), f'{folder}/{rank}.pt')
    dist.destroy_process_group()


@pytest.mark.parametrize(
    ('denominator', 'rois_first'), [('negatives', False), ('all', False), ('negatives', True)]
)
def test_negatives_come_from_all_ranks(denominator, rois_first, tmp_path):
    """Averaged over ranks as DDP does, value and gradient are those of one big batch.

    Collectives copy memory as it lies, hence the embeddings that lie RoIs first.
    """
    mp.spawn(run_rank, args=(denominator, rois_first, str(tmp_path)), nprocs=2)
    ranks = [torch.load(tmp_path / f'{rank}.pt', weights_only=True) for rank in range(2)]
    whole = embeddings(4, 3).requires_grad_()
    loss = contrastive_loss(denominator=denominator, loss_weight=1.0)(whole)
    loss.backward()
    torch.testing.assert_close((ranks[0][0] + ranks[1][0]) / 2, loss.detach())
    torch.testing.assert_close(torch.cat([ranks[0][1], ranks[1][1]]) / 2, whole.grad)
