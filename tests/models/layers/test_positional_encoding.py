"""The positional encoding against exact rational arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import fusion as fusion_oracle
from oracles import released_network
from oracles.positional_encoding import encode, encode_scalar
from versions import needs_torch_2

from mroi_plugin.models.layers.positional_encoding import (
    ENCODINGS,
    RELATIONS,
    RoIPositionalEncoding,
    RoIRelation,
)

SCALARS = [0.0, 0.1, 1 / 3, -2.7, 1e3, -1e3, 1.0, -1.0, 0.5, -0.25, 1e-7, -1e-12, 123.456, 7.999999]


def encode_one(p: float, num_freqs: int, dtype: torch.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Encoding of p by the package and by the oracle, which starts from the same rounded p."""
    info = torch.tensor([p, 0.0, 0.0], dtype=dtype)
    actual = RoIPositionalEncoding(num_freqs)(info)[: 1 + 2 * num_freqs]
    assert actual.dtype == dtype
    return actual.double().numpy(), np.array(encode_scalar(info[0].item(), num_freqs))


@pytest.mark.parametrize('p', SCALARS)
@pytest.mark.parametrize('num_freqs', [0, 1, 10, 32, 63, 64])
def test_is_exact_to_the_last_bits(p, num_freqs):
    actual, expected = encode_one(p, num_freqs, torch.float32)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=5e-7)
    actual, expected = encode_one(p, num_freqs, torch.float64)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-15 * (1 + abs(p)))


def test_high_frequencies_are_not_rounding_noise():
    """A naive float32 sine is off by its full range at the phases where this one is exact."""
    actual, expected = encode_one(0.1, 32, torch.float32)
    powers = 2.0 ** torch.arange(32)
    naive = torch.sin(powers * torch.pi * torch.tensor(0.1)).numpy()
    assert np.abs(naive - expected[1::2]).max() > 0.1
    assert np.abs(actual - expected).max() < 1e-6


def test_naive_is_the_released_codes_to_the_noise():
    """Its layout: three scalars, then for every frequency three sines and three cosines."""
    num_freqs = 32
    info = torch.randn(20, 3) * 3
    frequencies = (np.pi * 2.0 ** torch.arange(num_freqs)).repeat_interleave(2).numpy()
    phases = np.tile(np.float32([0, np.pi / 2]), num_freqs)
    buffers = {'pos_enc._freqs': frequencies, 'pos_enc._phases': phases}
    expected = np.stack([released_network.encode(row, buffers) for row in info.numpy()])
    actual = RoIPositionalEncoding(num_freqs, encoding='naive')(info).unflatten(-1, (3, -1))
    actual = actual.transpose(-1, -2).flatten(-2)
    np.testing.assert_allclose(actual.numpy(), expected, atol=2e-7)


def test_naive_and_exact_agree_where_float32_is_enough():
    info = torch.randn(20, 3)
    naive = RoIPositionalEncoding(6, encoding='naive')
    torch.testing.assert_close(naive(info), RoIPositionalEncoding(6)(info), atol=1e-4, rtol=0)
    assert naive(info.double()).equal(naive(info))


def test_unknown_encoding():
    with pytest.raises(ValueError, match="encoding='rough': expected one of exact, naive"):
        RoIPositionalEncoding(6, encoding='rough')


def test_layout():
    """Scalar after scalar; per scalar p, sin, cos, sin, cos, lowest frequency first."""
    info = torch.tensor([[0.1, -0.7, 2.3], [5.0, 0.0, -9.1]], dtype=torch.float64)
    actual = RoIPositionalEncoding(4)(info)
    expected = np.stack([encode(row, 4) for row in info.tolist()])
    np.testing.assert_allclose(actual.numpy(), expected, atol=1e-13)
    p = info[:, 1]
    torch.testing.assert_close(actual[:, 9], p)
    torch.testing.assert_close(actual[:, 10], torch.sin(torch.pi * p))
    torch.testing.assert_close(actual[:, 13], torch.cos(2 * torch.pi * p))


def test_sizes_and_leading_dimensions():
    encoding = RoIPositionalEncoding()
    assert encoding(torch.randn(2, 5, 3)).shape == (2, 5, 195)
    assert encoding(torch.randn(3)).shape == (195,)
    assert RoIPositionalEncoding(0)(torch.ones(4, 3)).equal(torch.ones(4, 3))


def test_parity():
    """Cosines are even and sines odd, to the last bit."""
    info = torch.randn(20, 3)
    plus, minus = RoIPositionalEncoding(32)(info), RoIPositionalEncoding(32)(-info)
    plus, minus = (x.unflatten(-1, (3, 65)) for x in (plus, minus))
    assert plus[..., 1::2].equal(-minus[..., 1::2])
    assert plus[..., 2::2].equal(minus[..., 2::2])


@needs_torch_2
@pytest.mark.parametrize('kind', ENCODINGS)
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_autocast_and_half_models_do_not_touch_it(dtype, kind):
    info = torch.randn(4, 5, 3)
    encoding = RoIPositionalEncoding(32, kind)
    expected = encoding(info)
    with torch.autocast('cpu', dtype=dtype):
        inside = encoding(info)
    assert inside.dtype == torch.float32 and inside.equal(expected)
    assert encoding.to(dtype)(info).equal(expected)
    assert encoding(info.to(dtype)).dtype == torch.float32


def test_is_not_part_of_a_checkpoint():
    assert not RoIPositionalEncoding(32).state_dict()


def test_gradients():
    info = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(RoIPositionalEncoding(4), (info,))


@pytest.mark.parametrize('num_freqs', [-1, 101, 1000])
def test_impossible_number_of_frequencies(num_freqs):
    with pytest.raises(ValueError, match=f'num_freqs={num_freqs}'):
        RoIPositionalEncoding(num_freqs)


@pytest.mark.parametrize('kind', RELATIONS)
@pytest.mark.parametrize('num_freqs', [0, 6, 32])
def test_relation_of_every_pair(kind, num_freqs):
    # Multiples of 1/64: differences are exact, so that high frequencies can be compared.
    info = torch.randint(-300, 300, (2, 4, 3)).double() / 64
    relation = RoIRelation(kind, num_freqs)
    for dtype, atol in ((torch.float64, 1e-12), (torch.float32, 2e-6)):
        actual = relation(info.to(dtype))
        assert actual.shape == (2, 4, 4, relation.out_channels)
        for i in range(2):
            for m in range(4):
                for n in range(4):
                    row = info[i].numpy()
                    expected = fusion_oracle.relation_code(row, m, n, kind, num_freqs)
                    code = actual[i, m, n].double().numpy()
                    np.testing.assert_allclose(code, expected, atol=atol)


def test_unknown_relation():
    with pytest.raises(ValueError, match="relation='difference'"):
        RoIRelation('difference')
