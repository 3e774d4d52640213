"""Checkpoints as training scripts, wrappers and ``torch.compile`` write them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mroi_plugin.apis.train import train
from mroi_plugin.engine.checkpoints import (
    CheckpointMismatchError,
    load_weights,
    plain_names,
    read_checkpoint,
    read_state_dict,
)
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.resume import check_resumable
from mroi_plugin.registry import MODELS


class Net(nn.Module):
    """A network with a part that is called as wrappers call theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(2, 3)
        self.head = nn.Linear(3, 1)


def renamed(state, change):
    return {change(name): value for name, value in state.items()}


WAYS = {
    'plain': lambda n: n,
    'data parallel': lambda n: f'module.{n}',
    'lightning': lambda n: f'model.{n}',
    'compiled': lambda n: f'_orig_mod.{n}',
    'data parallel of compiled': lambda n: f'module._orig_mod.{n}',
    'compiled data parallel': lambda n: f'_orig_mod.module.{n}',
    'compiled parts': lambda n: n.replace('head.', 'head._orig_mod.'),
    'lightning, compiled': lambda n: f'model._orig_mod.{n}',
}


@pytest.mark.parametrize('wrapper', ['state_dict', 'model', 'network', 'model_state_dict', None])
@pytest.mark.parametrize('way', WAYS)
def test_weights_are_found_under_every_name(tmp_path, way, wrapper):
    torch.manual_seed(0)
    source, target = Net(), Net()
    state = renamed(source.state_dict(), WAYS[way])
    torch.save(state if wrapper is None else {wrapper: state, 'epoch': 1}, tmp_path / 'a.pth')
    load_weights(target, str(tmp_path / 'a.pth'))
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value)


def test_a_part_that_is_called_model_keeps_its_name():
    assert set(plain_names(Net().state_dict())) == set(Net().state_dict())


def test_names_that_come_to_be_equal_are_refused(tmp_path):
    state = {'a.weight': torch.zeros(1), 'a._orig_mod.weight': torch.ones(1)}
    torch.save(state, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'a\.pth.*a\.weight'):
        read_state_dict(str(tmp_path / 'a.pth'))


def test_another_network_is_refused(tmp_path):
    torch.save(nn.Linear(2, 3).state_dict(), tmp_path / 'a.pth')
    with pytest.raises(CheckpointMismatchError, match='4 parameters are missing'):
        load_weights(Net(), str(tmp_path / 'a.pth'))


def test_the_other_entries_are_kept(tmp_path):
    torch.save({'model': Net().state_dict(), 'epoch': 3}, tmp_path / 'a.pth')
    assert read_checkpoint(str(tmp_path / 'a.pth'))['epoch'] == 3


def test_training_starts_from_weights_under_other_names(tmp_path, in_workspace):
    """What the check lets pass is loaded: mmengine alone would start from noise."""
    cfg = load_config('mroi_synthetic', 'unused')
    torch.manual_seed(3)
    state = MODELS.build(cfg.model).state_dict()
    other = {f'model._orig_mod.{name}': value for name, value in state.items()}
    torch.save({'network': other}, tmp_path / 'other.pth')
    options = [
        f'load_from={tmp_path / "other.pth"}',
        'optim_wrapper.optimizer.lr=0.0',
        'optim_wrapper.optimizer.weight_decay=0.0',
        'val_cfg=None',
        'val_dataloader=None',
        'val_evaluator=None',
        'default_hooks.checkpoint.save_best=None',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
    ]
    runner = train('mroi_synthetic', str(tmp_path / 'run'), options=options, epochs=1)
    found = runner.model.state_dict()
    weights = [name for name in state if name.endswith('weight') and 'bn' not in name]
    assert weights and all(torch.equal(found[name], state[name]) for name in weights)


def test_a_run_of_another_trainer_is_not_resumed(tmp_path):
    content = {'state_dict': {'model.a': torch.zeros(1)}, 'optimizer': {}, 'message_hub': {}}
    torch.save({**content, 'meta': {'epoch': 1, 'iter': 1}}, tmp_path / 'epoch_1.pth')
    with pytest.raises(ValueError, match=r'--resume\): its parameters have names of another'):
        check_resumable(str(tmp_path / 'epoch_1.pth'))
