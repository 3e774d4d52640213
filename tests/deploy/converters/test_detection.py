"""Kinds of checkpoints are told by their parameters; others are refused with what differs."""

from __future__ import annotations

import pytest
import torch
from published_checkpoints import CONFIGS, published

from mroi_plugin.cli import main
from mroi_plugin.deploy.converters.convert_checkpoint import convert_checkpoint
from mroi_plugin.deploy.converters.detection import detect_source
from mroi_plugin.deploy.converters.sources import SOURCES
from mroi_plugin.deploy.converters.unread_names import unread_names
from mroi_plugin.utils.state_dicts import plain_names

HMR2 = [
    *(f'backbone.blocks.{i}.attn.qkv.weight' for i in range(32)),
    'backbone.patch_embed.proj.weight',
    'backbone.pos_embed',
    'smpl_head.transformer.to_token_embedding.weight',
    'smpl_head.transformer.transformer.layers.0.0.norm.weight',
    'smpl_head.decpose.weight',
    'smpl_head.init_body_pose',
]


@pytest.mark.parametrize('kind', CONFIGS)
def test_published_checkpoints_are_known(kind):
    assert detect_source(plain_names(published(kind)['state_dict'])) == kind.split('_')[0]


@pytest.mark.parametrize('head', ['keypoint_head', 'head'], ids=['mmpose 0.x', 'mmpose 1.x'])
@pytest.mark.parametrize('wrapper', ['', 'module.', '_orig_mod.', 'model.'])
def test_pose_networks_of_both_mmposes_are_known(head, wrapper):
    inner = ('conv1.weight', 'bn1.running_mean', 'layer4.0.conv1.weight')
    heatmaps = ('deconv_layers.0.weight', 'final_layer.weight')
    names = [*(f'backbone.{n}' for n in inner), *(f'{head}.{n}' for n in heatmaps)]
    assert detect_source(plain_names({wrapper + n: torch.zeros(1) for n in names})) == 'pose_resnet'


def refusal(names):
    with pytest.raises(ValueError) as caught:
        detect_source(names, 'x.ckpt')
    message = str(caught.value)
    assert message.startswith('x.ckpt: these') and '\n' not in message
    assert '--source' in message and sum(f'{source}, ' in message for source in SOURCES) >= 3
    return message


def test_4d_humans_is_named_and_compared_with_the_nearest_kinds():
    message = refusal(HMR2)
    assert 'of 4D-Humans (HMR 2.0)' in message
    assert message.count('first backbone.blocks.0.attn.qkv.weight') == 3
    assert message.count('missing') == 3


def test_hmr_and_spin_without_an_encoder_are_no_pose_network():
    spin = ['conv1.weight', 'layer4.0.conv1.weight', 'fc1.weight', 'decpose.weight', 'init_pose']
    message = refusal(spin)
    nearest = message[message.index('kinds: ') :]
    assert nearest.startswith("kinds: released, the Multi-RoI authors' network (fuse_fc.weight")
    assert 'pose_resnet' in nearest and 'first fc1.weight, decpose.weight' in nearest


def test_nothing_known():
    message = refusal(['classifier.weight'])
    assert 'are unknown' in message and 'first classifier.weight' in message


class Settings(dict):
    """Stands for what training scripts store beside the weights."""


@pytest.mark.parametrize(
    'beside', [{}, {'hyper_parameters': Settings(lr=1)}], ids=['plain', 'more']
)
def test_the_command_refuses_in_one_message(beside, tmp_path, capsys):
    """Also where the file asks for a class, with which it is not read."""
    path = tmp_path / 'hmr2.ckpt'
    torch.save({'state_dict': {name: torch.zeros(1) for name in HMR2}, **beside}, path)
    with pytest.raises(SystemExit) as stopped:
        main(['convert-checkpoint', 'mroi_hrnet48', str(path), '--out', str(tmp_path / 'o.pth')])
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert error.startswith(f'error: {path}: ') and '4D-Humans' in error
    assert not (tmp_path / 'o.pth').exists()


def test_another_file_that_asks_for_more_is_not_called_a_method(tmp_path):
    path = tmp_path / 'other.ckpt'
    torch.save({'state_dict': {'a.weight': torch.zeros(1)}, 'more': Settings()}, path)
    assert unread_names(str(path)) == ['a.weight']
    with pytest.raises(ValueError, match='asks for more than tensors'):
        convert_checkpoint('mroi_hrnet48', str(path), str(tmp_path / 'o.pth'))
    path.write_bytes(b'PK')
    assert unread_names(str(path)) == []
