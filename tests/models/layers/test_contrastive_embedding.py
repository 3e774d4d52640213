"""The contrastive embedding against its oracle."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles.embedding import embed
from torch import nn

from mroi_plugin.models.layers.contrastive_embedding import ContrastiveEmbedding


def build(gate: str = 'sigmoid') -> ContrastiveEmbedding:
    """A small embedding with weights that matter."""
    torch.manual_seed(0)
    embedding = ContrastiveEmbedding(6, gate=gate).double()
    for parameter in embedding.parameters():
        nn.init.normal_(parameter, std=0.7)
    return embedding


def arrays(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias as arrays; a layer without a bias adds zero."""
    weight = layer.weight.detach().numpy()
    bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy()
    return weight, bias


def test_is_v1_eq_6():
    embedding = build()
    h = torch.randn(3, 4, 6, dtype=torch.float64)
    first, bn1, _, second, bn2 = embedding.project
    expected = embed(
        h.flatten(0, 1).numpy(), *map(arrays, (embedding.gate, first, bn1, second, bn2))
    )
    actual = embedding(h)
    assert actual.shape == h.shape
    np.testing.assert_allclose(actual.flatten(0, 1).detach().numpy(), expected, atol=1e-10)


def test_released_gate_has_no_layer_and_never_closes_below_one_half():
    """sigmoid(relu(h)) >= 1/2: a negative feature passes at half its size."""
    released = build('sigmoid_relu').eval()
    assert not [name for name in released.state_dict() if name.startswith('gate')]
    h = torch.randn(2, 3, 6, dtype=torch.float64)
    gated = torch.where(h < 0, h / 2, h / (1 + torch.exp(-h)))
    torch.testing.assert_close(released(h), released.project(gated.flatten(0, 1)).view_as(h))


def test_a_closed_gate_of_the_papers_lets_nothing_pass():
    plain = build('sigmoid').eval()
    nn.init.zeros_(plain.gate.weight)
    nn.init.constant_(plain.gate.bias, -50.0)
    h = torch.randn(2, 3, 6, dtype=torch.float64)
    torch.testing.assert_close(plain(h), plain(torch.zeros_like(h)))


def test_gradients():
    embedding = build()
    h = torch.randn(2, 2, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(embedding, (h,))


def test_unknown_gate():
    with pytest.raises(ValueError, match="gate='softmax'"):
        ContrastiveEmbedding(6, gate='softmax')
