"""The decoder with activations: the mean at first, not linear, limited."""

from __future__ import annotations

import pytest
import torch

from mroi_plugin.registry import MODELS


def build(**options):
    torch.manual_seed(0)
    init = {'pose': torch.randn(144), 'cam': torch.tensor([0.9, 0.0, 0.0])}
    options = {'type': 'MLPRegressor', 'in_channels': 64, 'init': init, **options}
    return MODELS.build(options).eval(), init


def test_starts_near_the_mean():
    regressor, init = build()
    state = regressor(torch.randn(8, 5, 64))
    for name, mean in init.items():
        assert state[name].shape == (8, 5, len(mean))
        assert (state[name] - mean).abs().max() < 0.1


def test_is_the_mean_and_a_network_with_activations():
    regressor, init = build(hidden_channels=(7, 5))
    feature = torch.randn(3, 64)
    x = feature
    for layer in (regressor.trunk[0], regressor.trunk[3]):
        x = x @ layer.weight.T + layer.bias
        x = x / (1 + (-x).exp())
    for name, layer in regressor.decode.items():
        expected = init[name] + x @ layer.weight.T + layer.bias
        torch.testing.assert_close(regressor(feature)[name], expected)


def test_it_is_not_linear():
    regressor, _ = build()
    a, b = torch.randn(2, 64), torch.randn(2, 64)
    pose = [regressor(x)['pose'] - regressor(0 * a)['pose'] for x in (a, b, a + b)]
    assert (pose[2] - pose[0] - pose[1]).abs().max() > 0.05 * pose[2].abs().max()


def test_limits_hold_and_keep_the_gradient():
    limits = {'cam': (torch.tensor([2.0, -1, -1]), torch.tensor([9.0, 1, 1]))}
    regressor, _ = build(limits=limits)
    camera = regressor(torch.randn(4, 64))['cam']
    assert camera[:, 0].equal(torch.full((4,), 2.0))
    camera[:, 0].sum().backward()
    assert regressor.decode['cam'].bias.grad.tolist() == [4, 0, 0]


def test_no_hidden_layer_is_refused():
    with pytest.raises(ValueError, match='hidden_channels'):
        build(hidden_channels=())
