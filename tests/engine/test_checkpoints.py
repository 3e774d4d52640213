"""Checkpoints as training scripts, wrappers and ``torch.compile`` write them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file
from torch import nn

from mroi_plugin.apis.train import train
from mroi_plugin.engine.checkpoints import (
    CheckpointMismatchError,
    check_initial_weights,
    load_weights,
    read_checkpoint,
    read_state_dict,
)
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model
from mroi_plugin.engine.resume import check_resumable
from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.state_dicts import plain_names


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


@pytest.mark.parametrize(
    'change, said',
    [
        (
            lambda s: s.update({'head.norm.weight': torch.ones(1)}),
            'not of this model, first head.n',
        ),
        (
            lambda s: s.update({'head.norm.bias': s.pop('head.bias')}),
            'are missing, first head.bias',
        ),
    ],
)
def test_batch_norms_are_of_convolutions_that_have_them(tmp_path, change, said):
    """Only a `PaddedConv2d` folds them, or takes its bias from them."""
    state = Net().state_dict()
    change(state)
    torch.save(state, tmp_path / 'a.pth')
    with pytest.raises(CheckpointMismatchError, match=said):
        load_weights(Net(), str(tmp_path / 'a.pth'))


def test_the_other_entries_are_kept(tmp_path):
    torch.save({'model': Net().state_dict(), 'epoch': 3}, tmp_path / 'a.pth')
    assert read_checkpoint(str(tmp_path / 'a.pth'))['epoch'] == 3


@pytest.mark.parametrize('ending', ['pth', 'safetensors'])
def test_training_starts_from_weights_under_other_names(tmp_path, in_workspace, ending):
    """What the check lets pass is loaded: mmengine alone would start from noise."""
    cfg = load_config('mroi_synthetic', 'unused')
    torch.manual_seed(3)
    state = MODELS.build(cfg.model).state_dict()
    other = {f'model._orig_mod.{name}': value for name, value in state.items()}
    if ending == 'pth':
        torch.save({'network': other}, tmp_path / 'other.pth')
    else:
        save_file({n: v.contiguous() for n, v in other.items()}, tmp_path / 'other.safetensors')
    options = [
        f'load_from={tmp_path / f"other.{ending}"}',
        'optim_wrapper.optimizer.lr=0.0',
        'optim_wrapper.optimizer.weight_decay=0.0',
        'val_cfg=None',
        'val_dataloader=None',
        'val_evaluator=None',
        'default_hooks.checkpoint.save_best=None',
        'train_dataloader.num_workers=0',
    ]
    runner = train('mroi_synthetic', str(tmp_path / 'run'), options=options, epochs=1)
    found = runner.model.state_dict()
    weights = [name for name in state if name.endswith('weight') and 'bn' not in name]
    assert weights and all(torch.equal(found[name], state[name]) for name in weights)


MMPOSE_0 = {'meta': {'epoch': 210, 'mmpose_version': '0.29.0', 'config': 'gpu_ids = []'}}
MMPOSE_1 = {
    'meta': {
        'epoch': 210,
        'dataset_meta': {
            'sigmas': np.ones(17, np.float32),
            'colors': np.zeros((17, 3), np.uint8),
            'names': np.array(['nose', 'left_eye']),
        },
    },
    'message_hub': {
        'log_scalars': {'train/loss': HistoryBuffer([1.0, 2.0], [1, 1])},
        'runtime_info': {
            'numbers': [np.float64(1), np.float16(1), np.int64(2), np.uint8(3), np.bool_(True)],
            'text': np.str_('coco'),
        },
    },
}
POSE_NETWORKS = {
    'mmpose 0.x': (lambda n: f'backbone.{n}', 'keypoint_head.final_layer.weight', MMPOSE_0),
    'mmpose 1.x': (lambda n: f'backbone.{n}', 'head.final_layer.weight', MMPOSE_1),
    **{
        f'mmpose 1.x, {name}': (
            lambda n, way=way: way(f'backbone.{n}'),
            way('head.final_layer.weight'),
            MMPOSE_1,
        )
        for name, way in WAYS.items()
        if name != 'compiled parts'
    },
    'compiled backbone': (lambda n: f'backbone._orig_mod.{n}', 'head.final_layer.weight', {}),
}
BACKBONES = {
    "mmhuman3d's": dict(
        type='mmhuman3d.ResNet', depth=18, base_channels=8, stem_channels=8, out_indices=(3,)
    ),
    'ours': dict(type='BlazePose', variant='lite', trainable='none'),
}


@pytest.mark.parametrize('backbone', BACKBONES)
@pytest.mark.parametrize('kind', POSE_NETWORKS)
def test_backbones_start_from_pose_networks_of_every_kind(tmp_path, kind, backbone):
    way, heatmaps, entries = POSE_NETWORKS[kind]
    torch.manual_seed(0)
    source = build_model(BACKBONES[backbone])
    wanted = {name: torch.rand_like(v.float()) for name, v in source.state_dict().items()}
    state = {**renamed(wanted, way), heatmaps: torch.zeros(1)}
    torch.save({'state_dict': state, **entries}, tmp_path / 'pose.pth')
    _check_initialized(BACKBONES[backbone], wanted, str(tmp_path / 'pose.pth'))
    assert set(read_state_dict(str(tmp_path / 'pose.pth'))) >= {f'backbone.{n}' for n in wanted}


@pytest.mark.parametrize('backbone', BACKBONES)
def test_backbones_start_from_published_weights(tmp_path, backbone):
    source = build_model(BACKBONES[backbone])
    wanted = {name: torch.rand_like(v.float()) for name, v in source.state_dict().items()}
    save_file({f'backbone.{n}': v for n, v in wanted.items()}, tmp_path / 'pose.safetensors')
    _check_initialized(BACKBONES[backbone], wanted, str(tmp_path / 'pose.safetensors'))


@pytest.mark.parametrize(
    ('changed', 'prefix', 'said'),
    [
        ({}, 'backbone', None),
        ({'depth': 34}, 'backbone.', None),  # whose first blocks are the same
        ({'base_channels': 16}, 'backbone.', r'first backbone\.layer1\.0\.conv1\.weight, which is'),
        ({}, 'encoder.', r'first encoder\.conv1\.weight, which is missing'),
        ({}, None, 'first conv1.weight, which is missing'),
    ],
)
def test_weights_of_another_network_do_not_start_from_noise(tmp_path, changed, prefix, said):
    backbone, path = BACKBONES["mmhuman3d's"], str(tmp_path / 'pose.pth')
    state = build_model({**backbone, **changed}).state_dict()
    torch.save({f'backbone.{name}': value for name, value in state.items()}, path)
    init_cfg = dict(type='Pretrained', prefix=prefix, checkpoint=path)
    model = nn.ModuleDict({'backbone': build_model({**backbone, 'init_cfg': init_cfg})})
    if said is None:
        check_initial_weights(model)
        return
    with pytest.raises(CheckpointMismatchError, match=rf'pose.pth does not fit backbone, .*{said}'):
        check_initial_weights(model)


def _check_initialized(backbone, wanted, checkpoint):
    init_cfg = dict(type='Pretrained', prefix='backbone.', checkpoint=checkpoint)
    model = build_model({**backbone, 'init_cfg': init_cfg})
    with checkpoints_read_safely():
        model.init_weights()
    for name, value in model.state_dict().items():
        assert torch.equal(value, wanted[name].to(value.dtype)), name


def test_a_run_of_another_trainer_is_not_resumed(tmp_path):
    content = {'state_dict': {'model.a': torch.zeros(1)}, 'optimizer': {}, 'message_hub': {}}
    torch.save({**content, 'meta': {'epoch': 1, 'iter': 1}}, tmp_path / 'epoch_1.pth')
    with pytest.raises(ValueError, match=r'--resume\): its parameters have names of another'):
        check_resumable(str(tmp_path / 'epoch_1.pth'))
