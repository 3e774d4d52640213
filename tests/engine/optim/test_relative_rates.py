"""Every tensor learns in proportion to its size."""

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn

from mroi_plugin.registry import OPTIM_WRAPPER_CONSTRUCTORS, SCOPE


def build(model, decay=0.0, **paramwise):
    with DefaultScope.overwrite_default_scope(SCOPE):
        constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
            dict(
                type='RelativeRates',
                optim_wrapper_cfg=dict(
                    type='OptimWrapper',
                    optimizer=dict(type='AdamW', lr=1e-2, weight_decay=decay),
                ),
                paramwise_cfg=paramwise,
            )
        )
        return constructor(model)


def test_one_step_changes_all_tensors_by_the_same_part():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8))
    with torch.no_grad():
        model[1].weight *= 1000
    model[2].requires_grad_(False)
    wrapper = build(model, vector_lr=0.5)
    before = [p.detach().clone() for p in model.parameters()]
    model(torch.randn(4, 8)).square().sum().backward()
    wrapper.step()
    steps = [(p - q).detach().abs().mean() for p, q in zip(model.parameters(), before)]
    for index in (0, 2):
        size = before[index].square().mean().sqrt()
        assert steps[index] / size == pytest.approx(1e-2, rel=0.15)
        assert steps[index + 1] == pytest.approx(0.5, rel=1e-3)  # without decay
    assert steps[4] == steps[5] == 0


def test_weights_decay_by_the_rate_whatever_their_size():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    with torch.no_grad():
        model[1].weight *= 1000
    wrapper = build(model, decay=0.1, vector_lr=0.5)
    before = [layer.weight.detach().clone() for layer in model]
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    wrapper.step()
    for layer, old in zip(model, before):
        torch.testing.assert_close(layer.weight.detach(), old * (1 - 1e-2 * 0.1))


@pytest.mark.parametrize('paramwise', [{}, {'vector_lr': 1.0, 'custom_keys': {}}])
def test_other_keys_are_refused(paramwise):
    with pytest.raises(ValueError, match='vector_lr=NUMBER'):
        build(nn.Linear(2, 2), **paramwise)
