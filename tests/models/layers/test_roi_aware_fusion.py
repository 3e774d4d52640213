"""RoI-aware fusion (Eq. 4) against the looped oracle, and its symmetries."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from oracles import fusion as oracle
from torch import nn
from versions import needs_torch_2

from mroi_plugin.models.layers.roi_aware_fusion import RoIAwareFusion

RELATIONS = ['subtract_then_encode', 'encode_then_subtract', 'absolute', 'none']
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}
D = 8


def build(
    score: str, relation: str = 'subtract_then_encode', num_rois: int = 5, num_freqs: int = 3
):
    """A small fusion whose scores are spread out, without the warning of degenerate ones."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        fusion = RoIAwareFusion(
            D, num_rois, score=score, relation=relation, num_freqs=num_freqs, hidden_channels=6
        )
    for parameter in fusion.parameters():
        nn.init.normal_(parameter, std=0.4)
    return fusion.double()


def inputs(persons: int = 3, rois: int = 5, dtype: torch.dtype = torch.float64):
    """Features and RoIs; the RoIs are multiples of 1/64, so that their differences are exact."""
    generator = torch.Generator().manual_seed(1)
    h = torch.randn(persons, rois, D, generator=generator, dtype=torch.float64)
    info = torch.randint(-200, 200, (persons, rois, 3), generator=generator).double() / 64
    return h.to(dtype), info.to(dtype)


def pair(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias as float64 arrays."""
    return layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()


def oracle_parameters(fusion: RoIAwareFusion, score: str) -> dict:
    """The parameters of a strategy under the names of the oracle."""
    strategy = fusion.strategy
    if score == 'mlp':
        layers = [pair(layer) for layer in strategy.mlp if isinstance(layer, nn.Linear)]
        return {'reduce': pair(strategy.embed), 'layers': layers}
    if score == 'pair_mlp':
        return {'hidden': pair(strategy.embed), 'score': pair(strategy.score)}
    if score == 'linear':
        return {'score': pair(strategy.embed)}
    if score == 'self_attention':
        names = {'query': 'query', 'key': 'key', 'value': 'value', 'out': 'project', 'norm': 'norm'}
        return {ours: pair(getattr(strategy, theirs)) for ours, theirs in names.items()}
    return {}


def expected_fusion(fusion, score, relation, num_freqs, h, info):
    """Fused features and weights of every person by the oracle."""
    parameters = oracle_parameters(fusion, score)
    results = []
    for h_i, info_i in zip(h.double().numpy(), info.double().numpy()):
        if score == 'self_attention':
            results.append(oracle.self_attention(h_i, info_i, num_freqs, parameters))
        else:
            results.append(oracle.fuse(h_i, info_i, score, relation, num_freqs, parameters))
    return tuple(np.stack(x) for x in zip(*results))


CASES = [(s, r) for s in ('mlp', 'pair_mlp', 'linear') for r in RELATIONS]
CASES += [('self_attention', 'absolute'), ('none', 'none'), ('none', 'subtract_then_encode')]


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
@pytest.mark.parametrize('num_freqs', [0, 3, 32])
@pytest.mark.parametrize(('score', 'relation'), CASES)
def test_is_eq_4(score, relation, num_freqs, dtype):
    fusion = build(score, relation, num_freqs=num_freqs).to(dtype)
    h, info = inputs(dtype=dtype)
    fused, weights = fusion(h, info)
    expected, expected_weights = expected_fusion(fusion, score, relation, num_freqs, h, info)
    limit = TOLERANCE[dtype]
    np.testing.assert_allclose(fused.detach().numpy(), expected, rtol=limit, atol=limit)
    np.testing.assert_allclose(weights.detach().numpy(), expected_weights, rtol=limit, atol=limit)


@pytest.mark.parametrize(('score', 'relation'), CASES)
def test_rows_of_the_weights_are_distributions(score, relation):
    _, weights = build(score, relation)(*inputs())
    assert weights.shape == (3, 5, 5) and (weights >= 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 5, dtype=weights.dtype))


@pytest.mark.parametrize(('score', 'relation'), CASES)
@pytest.mark.parametrize(('persons', 'rois'), [(1, 5), (3, 1), (1, 1), (2, 2)])
def test_edges(score, relation, persons, rois):
    fusion = build(score, relation, num_rois=rois)
    h, info = inputs(persons, rois)
    fused, weights = fusion(h, info)
    expected, expected_weights = expected_fusion(fusion, score, relation, 3, h, info)
    np.testing.assert_allclose(fused.detach().numpy(), expected, atol=1e-10)
    np.testing.assert_allclose(weights.detach().numpy(), expected_weights, atol=1e-10)
    if rois == 1 and score != 'self_attention':
        assert weights.eq(1).all()
        torch.testing.assert_close(fused, h)


@pytest.mark.parametrize('score', ['pair_mlp', 'linear', 'self_attention', 'none'])
def test_permuting_the_rois_permutes_the_result(score):
    relation = 'absolute' if score == 'self_attention' else 'subtract_then_encode'
    fusion = build(score, relation)
    h, info = inputs()
    order = torch.tensor([3, 0, 4, 1, 2])
    fused, weights = fusion(h, info)
    permuted, permuted_weights = fusion(h[:, order], info[:, order])
    torch.testing.assert_close(permuted, fused[:, order], rtol=0, atol=1e-12)
    torch.testing.assert_close(permuted_weights, weights[:, order][:, :, order], rtol=0, atol=1e-12)


@pytest.mark.parametrize('score', ['pair_mlp', 'linear', 'self_attention', 'none'])
def test_any_number_of_rois(score):
    relation = 'absolute' if score == 'self_attention' else 'subtract_then_encode'
    fusion = build(score, relation)
    for rois in (1, 2, 7):
        fused, weights = fusion(*inputs(2, rois))
        assert fused.shape == (2, rois, D) and weights.shape == (2, rois, rois)


def test_mlp_is_built_for_one_number_of_rois():
    with pytest.raises(ValueError, match=r'num_rois=5 and got 3'):
        build('mlp')(*inputs(2, 3))


@pytest.mark.parametrize('score', ['mlp', 'pair_mlp', 'linear', 'none'])
def test_persons_do_not_mix(score):
    fusion = build(score)
    h, info = inputs()
    fused, _ = fusion(h, info)
    for i in range(3):
        alone, _ = fusion(h[i : i + 1], info[i : i + 1])
        torch.testing.assert_close(alone[0], fused[i], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ('relation', 'num_freqs'),
    [
        ('encode_then_subtract', 32),
        ('subtract_then_encode', 0),
        ('absolute', 4),
        ('none', 4),
    ],
)
def test_linear_warns_where_it_is_degenerate_and_all_rows_coincide(relation, num_freqs):
    with pytest.warns(UserWarning, match='no RoI-specific feature'):
        RoIAwareFusion(D, 5, score='linear', relation=relation, num_freqs=num_freqs)
    fused, weights = build('linear', relation, num_freqs=num_freqs)(*inputs())
    torch.testing.assert_close(weights, weights[:, :1].expand_as(weights), rtol=0, atol=1e-12)
    torch.testing.assert_close(fused, fused[:, :1].expand_as(fused), rtol=0, atol=1e-12)


@pytest.mark.parametrize('score', ['linear', 'pair_mlp', 'mlp'])
def test_sound_scores_tell_the_rois_apart_without_a_warning(score):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        RoIAwareFusion(D, 5, score=score)
    fused, _ = build(score, num_freqs=32)(*inputs())
    assert (fused[:, 0] - fused[:, 1]).abs().max() > 1e-2


@pytest.mark.parametrize(('score', 'relation'), CASES)
def test_gradients(score, relation):
    fusion = build(score, relation, num_rois=2, num_freqs=2)
    h, info = inputs(1, 2)
    h.requires_grad_()
    assert torch.autograd.gradcheck(lambda h: fusion(h, info), (h,))
    fused, _ = fusion(h, info)
    (fused * torch.randn_like(fused)).sum().backward()
    for name, parameter in fusion.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@needs_torch_2
@pytest.mark.parametrize(('score', 'relation'), CASES)
def test_bf16_autocast_is_close_to_float32(score, relation):
    """The encoding stays float32 under autocast: at L = 32 a bf16 phase would be noise."""
    fusion = build(score, relation, num_freqs=32).float()
    for parameter in fusion.parameters():
        parameter.data.mul_(0.3)
    h, info = inputs(dtype=torch.float32)
    expected, _ = fusion(h, info)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        fused, weights = fusion(h, info)
    assert fused.isfinite().all() and weights.isfinite().all()
    assert (fused.float() - expected).abs().max() < 0.15


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'score': 'conv'}, "score='conv'"),
        ({'relation': 'ratio'}, "relation='ratio'"),
        ({'num_freqs': -2}, 'num_freqs=-2'),
        ({'score': 'self_attention', 'relation': 'subtract_then_encode'}, 'absolute'),
    ],
)
def test_unknown_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        RoIAwareFusion(**{'in_channels': D, 'num_rois': 5, **options})


def test_mismatched_inputs_are_named():
    h, info = inputs()
    with pytest.raises(ValueError, match='bbox_info'):
        build('pair_mlp')(h, info[:, :3])
