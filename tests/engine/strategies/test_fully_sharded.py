"""Weights in parts, and what cannot be divided or loaded."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist
from torch import nn
from versions import needs_fully_shard

from mroi_plugin.engine.strategies.fully_sharded import FullyShardedStrategy
from mroi_plugin.utils.dist import is_sharded

pytestmark = needs_fully_shard


class Block(nn.Linear):
    """A unit."""


@pytest.fixture
def alone(tmp_path):
    """A group of one process."""
    dist.init_process_group('gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def strategy(folder, **options):
    """One whose processes run already."""
    env = {'launcher': 'pytorch', 'randomness': {'seed': 0}}
    return FullyShardedStrategy(
        work_dir=str(folder), experiment_name='x', env_kwargs=env, **options
    )


def test_units_and_the_rest_are_parts(alone, tmp_path):
    model = nn.Sequential(Block(4, 3), nn.Linear(3, 2))
    expected = {name: value.clone() for name, value in model.state_dict().items()}
    one = strategy(tmp_path, units=['Block'])
    one.model = one._wrap_model(model)
    assert is_sharded(one.model) and one._wrap_model(one.model) is one.model
    whole = one.model_state_dict()
    assert whole.keys() == expected.keys()
    assert all(type(v) is torch.Tensor and v.equal(expected[n]) for n, v in whole.items())

    twice = {name: 2 * value for name, value in expected.items()}
    one.load_model_state_dict(twice)
    assert all(value.equal(twice[name]) for name, value in one.model_state_dict().items())


def test_a_unit_that_is_not_there(alone, tmp_path):
    one = strategy(tmp_path, units=['Blok'])
    with pytest.raises(ValueError, match='no Blok; it has Block, Sequential'):
        one._wrap_model(nn.Sequential(Block(4, 3)))


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda s: s.pop('0.bias'), r'1 weights differ, first 0.bias, None, expected \(3,\)'),
        (lambda s: s.update({'0.weight': torch.zeros(4, 4)}), r'0.weight, \(4, 4\), .*\(3, 4\)'),
        (lambda s: s.update(more=torch.zeros(1)), r'more, \(1,\), expected None'),
    ],
)
def test_a_checkpoint_of_another_model(alone, tmp_path, spoil, message):
    one = strategy(tmp_path)
    state = {'0.weight': torch.zeros(3, 4), '0.bias': torch.zeros(3)}
    one.model = one._wrap_model(nn.Sequential(Block(4, 3)))
    spoil(state)
    with pytest.raises(ValueError, match=message):
        one.load_model_state_dict(state)
