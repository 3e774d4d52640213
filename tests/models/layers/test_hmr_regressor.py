"""The iterative regressor and SPIN's 6D rotations against the looped oracles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import decoders as oracle
from oracles.rotations import rot6d_to_matrix
from torch import nn

from mroi_plugin.models.layers.hmr_regressor import HMRRegressor
from mroi_plugin.models.layers.rotation_6d import rotation_6d_to_matrix


def build(num_iters: int = 3, condition: int = 3, seed: int = 0):
    """A small regressor of three groups with weights that matter, in evaluation mode."""
    torch.manual_seed(seed)
    init = {'pose': torch.randn(12), 'betas': torch.randn(4), 'cam': torch.tensor([0.9, 0, 0])}
    regressor = HMRRegressor(5 + condition, init, (9, 7), num_iters, dropout=0.5)
    for parameter in regressor.parameters():
        nn.init.normal_(parameter, std=0.2)
    return regressor.double().eval(), init


def pair(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias as arrays."""
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


@pytest.mark.parametrize('num_iters', [1, 3])
@pytest.mark.parametrize('condition', [0, 3])
def test_regressor_is_the_residual_loop(num_iters, condition):
    regressor, init = build(num_iters, condition)
    feature = torch.randn(2, 3, 5 + condition, dtype=torch.float64)
    actual = regressor(feature)
    for i in range(2):
        for m in range(3):
            row = feature[i, m].numpy()
            expected = oracle.iterative_regressor(
                row[:5],
                row[5:],
                {name: mean.double().numpy() for name, mean in init.items()},
                [pair(regressor.fc1), pair(regressor.fc2)],
                {name: pair(layer) for name, layer in regressor.decode.items()},
                num_iters,
            )
            for name, value in expected.items():
                np.testing.assert_allclose(actual[name][i, m].detach().numpy(), value, atol=1e-10)


def test_starts_near_the_mean():
    """A new regressor answers the mean parameters, up to its deliberately small last layer."""
    init = {'pose': torch.randn(144), 'cam': torch.tensor([0.9, 0.0, 0.0])}
    regressor = HMRRegressor(64, init).eval()
    state = regressor(torch.randn(8, 64))
    for name, mean in init.items():
        assert state[name].shape == (8, len(mean))
        assert (state[name] - mean).abs().max() < 0.25


def test_gradients_reach_every_parameter():
    regressor, _ = build()
    feature = torch.randn(2, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: tuple(regressor(x).values()), (feature,))
    sum(x.square().sum() for x in regressor(feature).values()).backward()
    for name, parameter in regressor.named_parameters():
        assert parameter.grad.abs().max() > 0, name


def test_dropout_acts_in_training_only():
    regressor, _ = build()
    feature = torch.randn(2, 8, dtype=torch.float64)
    assert regressor(feature)['pose'].equal(regressor(feature)['pose'])
    regressor.train()
    assert not regressor(feature)['pose'].equal(regressor(feature)['pose'])


def test_the_mean_travels_with_the_checkpoint():
    assert 'mean_state' in build()[0].state_dict()


def test_state_keeps_float32_under_autocast():
    """A state summed in bf16 has steps of 0.4 %: a camera scale would jump by a pixel."""
    init = {'cam': torch.tensor([0.9123, 0.01, -0.02]), 'pose': torch.randn(144)}
    regressor = HMRRegressor(16, init).eval()
    for layer in regressor.decode.values():
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        state = regressor(torch.randn(4, 16, dtype=torch.bfloat16))
    for name, mean in init.items():
        assert state[name].dtype == torch.float32, name
        assert state[name].equal(mean.expand(4, -1)), name


def test_rotations_are_spins_columns():
    six = torch.randn(5, 4, 6, dtype=torch.float64)
    matrices = rotation_6d_to_matrix(six)
    expected = np.array([[rot6d_to_matrix(joint) for joint in row] for row in six.numpy()])
    np.testing.assert_allclose(matrices.numpy(), expected, atol=1e-10)
    identity = torch.tensor([1.0, 0, 0, 1, 0, 0])
    assert rotation_6d_to_matrix(identity).equal(torch.eye(3))


def test_rotations_are_rotations_and_keep_their_own_columns():
    matrices = rotation_6d_to_matrix(torch.randn(50, 6, dtype=torch.float64))
    identity = torch.eye(3, dtype=torch.float64).expand_as(matrices)
    torch.testing.assert_close(matrices @ matrices.mT, identity)
    torch.testing.assert_close(torch.linalg.det(matrices), torch.ones(50, dtype=torch.float64))
    again = rotation_6d_to_matrix(matrices[..., :2].flatten(-2))
    torch.testing.assert_close(again, matrices)


def test_rotation_gradients():
    six = torch.randn(4, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rotation_6d_to_matrix, (six,))


@pytest.mark.parametrize('six', [[0.0] * 6, [1.0, 2, 0, 0, 0, 0], [1.0, 1, 0, 0, 0, 0]])
def test_degenerate_rotations_stay_finite(six):
    x = torch.tensor(six, requires_grad=True)
    matrix = rotation_6d_to_matrix(x)
    matrix.sum().backward()
    assert matrix.isfinite().all() and x.grad.isfinite().all()


def test_every_step_ends_within_the_limits_and_keeps_its_gradient():
    """What a step leaves is what the next one sees; a number beyond its limit still learns."""
    init = {'pose': torch.zeros(3), 'cam': torch.tensor([-7.0, 0.0])}
    limits = {'cam': (torch.tensor([0.1, -5.0]), torch.tensor([20.0, 5.0]))}
    regressor = HMRRegressor(4, init, (8, 8), 1, dropout=0.0, limits=limits)
    assert 'low' not in regressor.state_dict() and 'high' not in regressor.state_dict()
    camera = regressor(torch.randn(5, 4))['cam']
    assert camera[:, 0].equal(torch.full((5,), 0.1)) and camera[:, 1].abs().min() > 0
    camera[:, 0].sum().backward()
    assert regressor.decode['cam'].bias.grad.equal(torch.tensor([5.0, 0.0]))
    regressor.mean_state[3] = 1e30
    assert regressor(torch.randn(5, 4))['cam'][:, 0].equal(torch.full((5,), 20.0))
