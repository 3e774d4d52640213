"""Networks from lists of nodes: what is left out, and cutting them anywhere."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mroi_plugin.models.backbones.blazepose import ASSETS, load_network
from mroi_plugin.models.backbones.conv_graph import ConvGraph, PaddedConv2d

CONV = {'op': 'conv', 'stride': 1, 'padding': [0, 0, 0, 0], 'groups': 1, 'relu6': False}


def conv(inputs, shape, **options):
    return {**CONV, 'inputs': inputs, 'shape': shape, **options}


@pytest.mark.parametrize('side', [8, 16])
def test_a_cut_at_any_step_changes_nothing(side):
    """Also where several maps are alive, as between a map and the sum that reads it."""
    network = load_network(ASSETS / 'blazepose_lite.safetensors', ['heatmap', 'landmarks'])
    images = torch.rand(1, 3, 256, 256)
    with torch.no_grad():
        whole = network([images])
        assert max(len(alive) for alive in network.alive) > 2
        for step in range(side, len(network.steps), 16):
            parts = network(network([images], stop=step), start=step)
            assert all(a.equal(b) for a, b in zip(parts, whole))


def test_nodes_that_no_output_needs_are_left_out():
    everything = ['map', 'landmarks', 'world', 'presence', 'heatmap', 'mask']
    path = ASSETS / 'blazepose_lite.safetensors'
    whole, part = load_network(path, everything), load_network(path, ['landmarks'])
    assert len(part.steps) < len(whole.steps) == len(whole.nodes)
    assert set(part.state_dict()) < set(whole.state_dict())
    images = torch.rand(1, 3, 256, 256)
    with torch.no_grad():
        assert part([images])[0].equal(whole([images])[1])


@pytest.mark.parametrize('padding', [[1, 1, 1, 1], [0, 1, 0, 1], [2, 0, 1, 3]])
def test_padding_of_each_side(padding):
    top, bottom, left, right = padding
    weights = {'0.weight': torch.randn(4, 3, 3, 3), '0.bias': torch.randn(4)}
    node = conv([-1], [4, 3, 3], stride=2, padding=padding, relu6=True)
    images = torch.randn(2, 3, 8, 8)
    (found,) = ConvGraph([node], weights, [0])([images])
    padded = F.pad(images, (left, right, top, bottom))
    expected = F.conv2d(padded, weights['0.weight'], weights['0.bias'], stride=2).clamp(0, 6)
    torch.testing.assert_close(found, expected)


def test_the_cut_is_where_the_fewest_numbers_are_alive():
    """1x1 convolutions to 8, 2 and 4 channels; the sum reads the first again."""
    shapes = [[8, 4, 4], [2, 4, 4], [8, 4, 4], [8, 4, 4], [1, 4, 4]]
    nodes = [
        conv([-1], shapes[0]),
        conv([0], shapes[1]),
        conv([1], shapes[2]),
        {'op': 'add', 'inputs': [0, 2], 'shape': shapes[3], 'relu6': False},
        conv([3], shapes[4]),
    ]
    sizes = {'0': (8, 3), '1': (2, 8), '2': (8, 2), '4': (1, 8)}
    weights = {f'{i}.weight': torch.randn(*size, 1, 1) for i, size in sizes.items()}
    weights |= {f'{i}.bias': torch.randn(size[0]) for i, size in sizes.items()}
    graph = ConvGraph(nodes, weights, [4])
    assert graph.alive == [(-1,), (0,), (0, 1), (0, 2), (3,), (4,)]
    assert graph.cut(4) == 1
    with pytest.raises(ValueError, match='no step has maps of 3 px alone; the maps have'):
        graph.cut(3)


def normed():
    """A convolution, and the same followed by a batch norm."""
    conv = PaddedConv2d(3, 4, 3, padding=(1, 1, 1, 1))
    plain = copy.deepcopy(conv)
    conv.add_norm()
    return plain, conv


def test_a_batch_norm_takes_the_bias():
    """Before the first batch, in it, and with the statistics of that batch, nothing changes."""
    torch.manual_seed(0)
    plain, conv = normed()
    x = 3 + torch.randn(16, 3, 8, 8)
    expected = plain(x)
    assert conv.bias is None
    torch.testing.assert_close(conv.eval()(x), expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(conv.train()(x), expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(conv.eval()(x), expected, rtol=0, atol=2e-2)


def test_weights_stored_with_bias_and_batch_norm():
    """The mean of their batch norm is of what has the bias: with or without a batch norm of its
    own, a convolution that loads them computes the same."""
    torch.manual_seed(0)
    plain, conv = normed()
    norm = nn.BatchNorm2d(4).eval()
    for value in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
        value.data = torch.rand(4) + 0.5
    state = {**plain.state_dict(), **{f'norm.{k}': v for k, v in norm.state_dict().items()}}
    x = torch.randn(2, 3, 8, 8)
    expected = norm(plain(x))
    conv.eval().load_state_dict(dict(state))
    torch.testing.assert_close(conv(x), expected, rtol=0, atol=1e-4)
    plain.load_state_dict(dict(state))
    torch.testing.assert_close(plain(x), expected, rtol=0, atol=1e-4)
    plain.load_state_dict(conv.state_dict())
    torch.testing.assert_close(plain(x), expected, rtol=0, atol=1e-4)
