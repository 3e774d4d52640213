"""Foreign checkpoints that do not fit, and those of 2D-pose networks: every name accounted for."""

from __future__ import annotations

import json

import pytest
import torch
from oracles import released_network
from published_checkpoints import random_checkpoint

from mroi_plugin.deploy.converters.convert_checkpoint import convert_checkpoint, network_of
from mroi_plugin.deploy.converters.detection import detect_source
from mroi_plugin.deploy.converters.encoding_columns import encoding_order, to_our_columns
from mroi_plugin.deploy.converters.state_dict import ConversionError, convert_state
from mroi_plugin.engine.checkpoints import read_state_dict
from mroi_plugin.models.layers.positional_encoding import RoIPositionalEncoding
from mroi_plugin.utils.errors import UsageError


@pytest.fixture(scope='module')
def theirs():
    return random_checkpoint('released_resnet50')


@pytest.fixture(scope='module')
def ours():
    return network_of('mroi_released_resnet50').state_dict()


def test_the_layouts_hold_the_same_numbers(theirs):
    box = torch.randn(3)
    weights = {name: theirs[name].numpy() for name in ('pos_enc._freqs', 'pos_enc._phases')}
    encoded = torch.tensor(released_network.encode(box.numpy(), weights))
    encoding = RoIPositionalEncoding(32, encoding='naive')
    torch.testing.assert_close(
        encoding(box).double(), encoded[encoding_order(32)], atol=2e-7, rtol=0
    )


def test_columns_that_are_no_encoding():
    with pytest.raises(ValueError, match='4 columns beside the 8 of the feature'):
        to_our_columns(torch.zeros(2, 12), 8)


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        (lambda s: s.pop('deccam.bias'), 'head.joint_decoder.decode.cam.bias'),
        (lambda s: s.pop('init_cam'), r'\[154\] for \[157\]'),
        (lambda s: s.update({'smplx_head.weight': torch.zeros(2)}), 'smplx_head.weight'),
        (lambda s: s.update({'backbone.conv1.weight': torch.zeros(2)}), 'backbone.conv1.weight'),
        (lambda s: s.update({'proj_head.gate.weight': torch.zeros(2)}), 'proj_head.gate.weight'),
        (lambda s: s.update({'fc2.weight': torch.zeros(10, 21)}), r'\[10, 21\] for \[1024, 2048\]'),
    ],
    ids=['missing', 'a part', 'extra', 'twice', 'a gate', 'shape'],
)
def test_what_does_not_fit_is_named_and_taken_in_part_on_request(change, named, theirs, ours):
    changed = dict(theirs)
    change(changed)
    with pytest.raises(ConversionError, match=named) as caught:
        convert_state(changed, ours, 'released')
    assert '--partial' in str(caught.value) and 'mroi_released_hrnet48' in str(caught.value)
    state, report = convert_state(changed, ours, 'released', partial=True)
    assert len(report.missing) + len(report.unused) + len(report.wrong_shape) == 1
    assert len(state) >= len(ours) - 1


def test_what_is_used_in_training_alone_may_be_missing(theirs, ours):
    fewer = {n: v for n, v in theirs.items() if not n.startswith('proj_head')}
    _, report = convert_state(fewer, ours, 'released')
    assert all(name.startswith('head.embedding.') for name in report.missing) and report.missing


def test_the_config_of_another_backbone_names_file_and_configs(theirs, tmp_path):
    torch.save({'model': theirs}, tmp_path / 'r50.pt')
    with pytest.raises(ConversionError, match=r'r50\.pt for mroi_released_hrnet48') as caught:
        convert_checkpoint(
            'mroi_released_hrnet48', str(tmp_path / 'r50.pt'), str(tmp_path / 'out.pth')
        )
    assert 'mroi_released_resnet50' in str(caught.value)
    assert not (tmp_path / 'out.pth').exists()


@pytest.mark.parametrize(
    ('config', 'source', 'heatmaps', 'others'),
    [
        ('mroi_hrnet48', 'hrnet_pose', 'final_layer.weight', ('final_layer',)),
        (
            *('mroi_released_hrnet48', 'hrnet_pose', 'keypoint_head.final_layer.weight'),
            ('final_layer', 'downsample_stage_'),
        ),
        (
            *('cliff_released_hrnet48', 'hrnet_pose', 'final_layer.weight'),
            ('final_layer', 'incre_modules', 'downsamp_modules'),
        ),
        ('mroi_resnet50', 'pose_resnet', 'deconv_layers.0.weight', ()),
    ],
)
def test_pose_networks_fill_what_they_can(config, source, heatmaps, others, tmp_path):
    """The names of the pose libraries are read, converted and initialize the backbone of the
    config, without layers that 2D-pose networks lack."""
    backbone = network_of(config).backbone.state_dict()
    plain = {
        name: torch.randn(value.shape).to(value.dtype)
        for name, value in backbone.items()
        if not name.startswith(others)
    }
    stored = {f'module.{name.replace("hrnet.", "")}': value for name, value in plain.items()}
    stored[f'module.{heatmaps}'] = torch.zeros(17, 48, 1, 1)
    torch.save({'state_dict': stored}, tmp_path / 'pose.pth')
    assert detect_source(read_state_dict(str(tmp_path / 'pose.pth'))) == source
    out = tmp_path / 'out' / 'converted.pth'
    report = convert_checkpoint(config, str(tmp_path / 'pose.pth'), str(out))
    assert report.not_needed == [heatmaps] and not report.unused and not report.wrong_shape
    assert all(name.startswith(tuple(f'backbone.{o}' for o in others)) for name in report.missing)
    assert json.loads(out.with_suffix('.json').read_text())['source'] == source
    state = torch.load(out, weights_only=True)['state_dict']
    found = {n: v for n, v in state.items() if n[len('backbone.') :] in plain}
    torch.testing.assert_close(found, {f'backbone.{n}': v for n, v in plain.items()})
    assert all(name in found or name.endswith('num_batches_tracked') for name in state)


class Malicious:
    """Runs something when it is unpickled."""

    def __reduce__(self):
        return (open, ('planted.txt', 'w'))


def test_a_malicious_file_is_refused_and_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'state_dict': {'fc1.weight': torch.zeros(1)}, 'extra': Malicious()}, 'evil.pth')
    with pytest.raises(ValueError, match='evil.pth'):
        read_state_dict('evil.pth')
    assert not (tmp_path / 'planted.txt').exists()


def test_files_and_sources_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone.pth'):
        read_state_dict(str(tmp_path / 'gone.pth'))
    torch.save({'epoch': 3}, tmp_path / 'empty.pth')
    with pytest.raises(ValueError, match='expected tensors by name'):
        read_state_dict(str(tmp_path / 'empty.pth'))
    with pytest.raises(UsageError, match='hrnet_pose'):
        convert_checkpoint('y', 'x', 'z', source='spin')
