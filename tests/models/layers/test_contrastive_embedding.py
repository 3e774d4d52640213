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


def test_released_gate_never_closes_below_one_half():
    """sigmoid(relu(x)) >= 1/2: with a very negative gate the feature passes at half its size."""
    plain, released = build('sigmoid'), build('sigmoid_relu')
    for embedding in (plain, released):
        nn.init.zeros_(embedding.gate.weight)
        nn.init.constant_(embedding.gate.bias, -50.0)
        embedding.eval()
    h = torch.randn(2, 3, 6, dtype=torch.float64)
    silent = plain(torch.zeros_like(h))
    torch.testing.assert_close(plain(h), silent)
    torch.testing.assert_close(released(h), released.project((h / 2).flatten(0, 1)).view_as(h))


def test_gradients():
    embedding = build()
    h = torch.randn(2, 2, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(embedding, (h,))


def test_unknown_gate():
    with pytest.raises(ValueError, match="gate='softmax'"):
        ContrastiveEmbedding(6, gate='softmax')
