"""Every tensor of a part learns in proportion to its size."""

import math

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn

from mroi_plugin.registry import OPTIM_WRAPPER_CONSTRUCTORS, SCOPE


class Model(nn.Module):
    """A part whose tensors differ in scale by 1000, and another."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8))
        self.backbone_2 = nn.Linear(8, 8)
        with torch.no_grad():
            self.backbone[1].weight *= 1000
        self.backbone[2].requires_grad_(False)

    def forward(self, x):
        return self.backbone_2(self.backbone(x))


def build(model, decay=0.0, **paramwise):
    with DefaultScope.overwrite_default_scope(SCOPE):
        constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
            dict(
                type='RelativeRates',
                optim_wrapper_cfg=dict(
                    type='OptimWrapper',
                    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=decay),
                ),
                paramwise_cfg=paramwise,
            )
        )
        return constructor(model)


RATES = dict(part='backbone', weight_lr=1e-2, vector_lr=0.5)


def power_of_two(size):
    return 2 ** round(math.log2(size))


def test_one_step_changes_all_tensors_of_the_part_by_the_same_share():
    model = Model()
    wrapper = build(model, **RATES)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    model(torch.randn(4, 8)).square().sum().backward()
    wrapper.step()
    steps = {n: (p - before[n]).detach().abs().mean().item() for n, p in model.named_parameters()}
    for index in (0, 1):
        name = f'backbone.{index}.weight'
        size = before[name].square().mean().sqrt().item()
        assert steps[name] == pytest.approx(1e-2 * power_of_two(size), rel=0.15)
        assert 1e-2 / 1.7 < steps[name] / size < 1e-2 * 1.7
        assert steps[f'backbone.{index}.bias'] == pytest.approx(0.5, rel=1e-3)  # without decay
    assert steps['backbone.2.weight'] == steps['backbone.2.bias'] == 0
    assert steps['backbone_2.weight'] == pytest.approx(1e-3, rel=0.15)


def test_weights_decay_by_the_rate_whatever_their_size():
    model = Model()
    wrapper = build(model, decay=0.1, **RATES)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    wrapper.step()
    for name, parameter in model.named_parameters():
        part = {'backbone.0.weight': 1e-2, 'backbone.1.weight': 1e-2}
        rate = part.get(name, 1e-3 if name.startswith('backbone_2') else 0.0)
        torch.testing.assert_close(parameter.detach(), before[name] * (1 - rate * 0.1))


def test_tensors_of_about_one_size_are_one_group_of_the_optimizer():
    model = nn.ModuleDict({'backbone': nn.Sequential(*(nn.Linear(64, 64) for _ in range(20)))})
    wrapper = build(model, **RATES)
    assert len(wrapper.optimizer.param_groups) == 2  # weights, and biases


@pytest.mark.parametrize(
    'paramwise', [{}, {'vector_lr': 1.0}, {**RATES, 'custom_keys': {}}, {**RATES, 'part': 'head'}]
)
def test_other_keys_and_parts_are_refused(paramwise):
    with pytest.raises(ValueError, match='weight_lr=NUMBER|one of'):
        build(Model(), **paramwise)
