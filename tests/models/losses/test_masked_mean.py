"""The masked mean that all supervised terms share."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.models.losses.masked import masked_mean


def test_is_the_mean_over_supervised_elements():
    error = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    weight = torch.tensor([[1.0], [0.0], [0.5]])
    assert masked_mean(error, weight).item() == pytest.approx((1 + 2 + 2.5 + 3) / 4)


@pytest.mark.parametrize('junk', [-7.0, 1e30])
def test_unsupervised_elements_do_not_enter(junk):
    error = torch.tensor([1.0, junk, 3.0], requires_grad=True)
    loss = masked_mean(error, torch.tensor([1, 0, 1]))
    loss.backward()
    assert loss.item() == 2.0
    assert error.grad.tolist() == [0.5, 0.0, 0.5]


def test_nothing_supervised_is_zero_with_a_graph():
    error = torch.randn(3, 2, requires_grad=True)
    loss = masked_mean(error, torch.zeros(3, 1))
    loss.backward()
    assert loss == 0 and error.grad.eq(0).all()


@pytest.mark.parametrize('bad', [float('inf'), float('nan')])
def test_what_does_not_count_may_be_anything(bad):
    error = torch.tensor([1.0, bad], requires_grad=True)
    mean = masked_mean(error, torch.tensor([1.0, 0.0]))
    assert mean.item() == 1
    (gradient,) = torch.autograd.grad(mean, error)
    assert gradient.tolist() == [1, 0]
