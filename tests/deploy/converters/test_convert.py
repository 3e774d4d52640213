"""Foreign checkpoints as weights of ours: the same function, every name accounted for."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from locations import ROOT
from oracles import released_network

from mroi_plugin.deploy.converters.convert_checkpoint import convert_checkpoint
from mroi_plugin.deploy.converters.encoding_columns import encoding_order
from mroi_plugin.deploy.converters.sources import detect_source
from mroi_plugin.deploy.converters.state_dict import ConversionError, convert_state
from mroi_plugin.engine.checkpoints import read_state_dict
from mroi_plugin.models.heads.roi_aware_fusion_head import RoIAwareFusionHead
from mroi_plugin.models.layers.iterative_regressor import rotation_6d_to_matrix
from mroi_plugin.models.layers.positional_encoding import RoIPositionalEncoding
from mroi_plugin.utils.errors import UsageError

D, M, L = 8, 5, 32


def released_state(seed=0):
    """A head's state dict with the authors' names, at a small width."""
    rng = np.random.default_rng(seed)
    state = {}

    def layer(name, out, into, bias=True):
        state[f'{name}.weight'] = torch.tensor(rng.normal(0, 0.2, (out, into)))
        if bias:
            state[f'{name}.bias'] = torch.tensor(rng.normal(0, 0.2, out))

    layer('fc1', 20, D + 3 * M + 157)
    layer('fc2', 10, 20)
    layer('decpose', 144, 10)
    layer('decshape', 10, 10)
    layer('deccam', 3, 10)
    state['deccam.weight'] *= 0.01  # scales stay above 0.2, below which ours are bent
    state['deccam.bias'] *= 0.01
    layer('fuse_fc', 256, D + 3 * (1 + 2 * L))
    layer('attention.0', 256, 256 * M)
    layer('attention.2', 256, 256)
    layer('attention.4', M, 256)
    layer('proj_head.gate', D, D)
    layer('proj_head.0', D, D)
    layer('proj_head.3', D, D, bias=False)
    for i in (1, 4):
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            state[f'proj_head.{i}.{part}'] = torch.tensor(rng.uniform(0.5, 1, D))
    mean = rng.normal(0, 0.1, 157)
    mean[144 + 10] = 0.9
    for name, values in zip(('pose', 'shape', 'cam'), np.split(mean, [144, 154])):
        state[f'init_{name}'] = torch.tensor(values)[None]
    return state


def our_head():
    head = RoIAwareFusionHead(
        D,
        M,
        fusion={'score': 'mlp', 'relation': 'subtract_then_encode', 'num_freqs': L},
        embedding={'gate': 'sigmoid_relu'},
        mesh_from='roi',
        bbox_condition='all',
        hidden_channels=(20, 10),
    )
    return head.double().eval()


def with_prefix(state):
    return {f'head.{name}': value for name, value in state.items()}


def test_the_layouts_hold_the_same_numbers():
    box = torch.randint(-50, 50, (3,)).double() / 32
    theirs = torch.tensor(released_network.encode(box.numpy(), 5))
    torch.testing.assert_close(RoIPositionalEncoding(5)(box), theirs[encoding_order(5)])


def test_the_converted_head_is_the_released_one():
    theirs, head = released_state(), our_head()
    state, report = convert_state(theirs, with_prefix(head.state_dict()), 'released')
    assert not report.missing and not report.unused and not report.wrong_shape
    assert any('reordered' in note for note in report.notes)
    head.load_state_dict({name[len('head.') :]: value for name, value in state.items()})
    rng = np.random.default_rng(1)
    h = rng.normal(0, 1, (2, M, D))
    boxes = rng.integers(-64, 64, (2, M, 3)) / 64  # exact, also times 2^31
    out = head(torch.tensor(h), torch.tensor(boxes))
    weights = {name: value.numpy() for name, value in theirs.items()}
    for i in range(2):
        fused = released_network.fuse(h[i], boxes[i], weights, L)
        for m in range(M):
            pose, shape, cam = released_network.decode(fused[m], boxes[i], weights)
            np.testing.assert_allclose(out['pred_cam'][i, m].detach().numpy(), cam, rtol=1e-5)
            if m == 0:
                matrices = rotation_6d_to_matrix(torch.tensor(pose).reshape(24, 6))
                torch.testing.assert_close(
                    out['pred_pose'][i].double(), matrices, rtol=1e-5, atol=1e-5
                )
                np.testing.assert_allclose(out['pred_betas'][i].detach().numpy(), shape, rtol=1e-5)


def converted(theirs, partial=False):
    return convert_state(theirs, with_prefix(our_head().state_dict()), 'released', partial)


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        (lambda s: s.pop('deccam.bias'), 'head.joint_decoder.decode.cam.bias'),
        (lambda s: s.update({'smplx_head.weight': torch.zeros(2)}), 'smplx_head.weight'),
        (lambda s: s.update({'fc2.weight': torch.zeros(10, 21)}), r'\[10, 21\] for \[10, 20\]'),
    ],
    ids=['missing', 'extra', 'shape'],
)
def test_what_does_not_fit_is_named_and_taken_in_part_on_request(change, named):
    theirs = released_state()
    change(theirs)
    with pytest.raises(ConversionError, match=named) as caught:
        converted(theirs)
    assert '--partial' in str(caught.value)
    state, report = converted(theirs, partial=True)
    assert len(report.missing) + len(report.unused) + len(report.wrong_shape) == 1
    assert len(state) >= 30


def test_what_is_used_in_training_alone_may_be_missing():
    theirs = {n: v for n, v in released_state().items() if not n.startswith('proj_head')}
    _, report = converted(theirs)
    assert all(name.startswith('head.embedding.') for name in report.missing) and report.missing


def backbone_names(config):
    """Shapes of the backbone of one of our configs."""
    from mroi_plugin.deploy.converters.convert_checkpoint import _network

    state = _network(config, ())
    return {name: value for name, value in state.items() if name.startswith('backbone.')}


@pytest.mark.parametrize(
    ('config', 'source', 'heatmaps'),
    [
        ('mroi_hrnet48', 'hrnet_pose', 'final_layer.weight'),
        ('mroi_resnet50', 'pose_resnet', 'deconv_layers.0.weight'),
    ],
)
def test_pose_networks_fill_the_backbone(config, source, heatmaps, tmp_path):
    """A real state dict of the backbone, under the names of the pose libraries, is read, converted
    and initializes the backbone of the config."""
    ours = backbone_names(config)
    plain = {
        name[len('backbone.') :]: torch.randn(value.shape).to(value.dtype)
        for name, value in ours.items()
        if not name.startswith('backbone.final_layer')
    }
    stored = {f'module.{name}': value for name, value in plain.items()}
    stored[f'module.{heatmaps}'] = torch.zeros(17, 48, 1, 1)
    torch.save({'state_dict': stored}, tmp_path / 'pose.pth')
    assert detect_source(read_state_dict(str(tmp_path / 'pose.pth'))) == source
    out = tmp_path / 'out' / 'converted.pth'
    report = convert_checkpoint(config, str(tmp_path / 'pose.pth'), str(out))
    assert report.unused == [heatmaps] and not report.wrong_shape
    assert json.loads(out.with_suffix('.json').read_text())['source'] == source
    state = torch.load(out, weights_only=True)['state_dict']
    torch.testing.assert_close(state, {f'backbone.{n}': v for n, v in plain.items()})


def test_cliff_fills_backbone_and_decoder(tmp_path):
    from mroi_plugin.deploy.converters.convert_checkpoint import _network

    config = str(ROOT / 'configs' / 'cliff' / 'cliff_resnet50.py')
    ours = _network(config, ())
    names = {'pose': 'pose', 'betas': 'shape', 'cam': 'cam'}
    theirs = {}
    for name, value in ours.items():
        value = torch.randn(value.shape).to(value.dtype)
        if name.startswith('backbone.'):
            theirs['encoder.' + name[len('backbone.') :]] = value
        elif name.endswith('mean_state'):
            for part, piece in zip(('pose', 'shape', 'cam'), value.split([144, 10, 3])):
                theirs[f'init_{part}'] = piece[None]
        elif '.decode.' in name:
            group, part = name.split('.')[-2:]
            theirs[f'dec{names[group]}.{part}'] = value
        else:
            theirs['.'.join(name.split('.')[-2:])] = value
    torch.save({'model': {f'module.{k}': v for k, v in theirs.items()}}, tmp_path / 'cliff.pt')
    out = tmp_path / 'cliff.pth'
    report = convert_checkpoint(config, str(tmp_path / 'cliff.pt'), str(out))
    assert not report.missing and not report.unused
    state = torch.load(out, weights_only=True)['state_dict']
    assert set(state) == set(ours)
    torch.testing.assert_close(state['head.joint_decoder.fc1.weight'], theirs['fc1.weight'])


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
    with pytest.raises(ValueError, match='released, cliff, hrnet_pose, pose_resnet'):
        detect_source(['classifier.weight'])
    with pytest.raises(UsageError, match='hrnet_pose'):
        convert_checkpoint('y', 'x', 'z', source='spin')
