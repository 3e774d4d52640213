"""ONNX files, run by onnxruntime, against torch."""

from __future__ import annotations

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from drawn_weights import save_weights

from mroi_plugin.cli import main
from mroi_plugin.deploy.onnx import compare, export
from mroi_plugin.deploy.onnx.graph import write_graph
from mroi_plugin.deploy.onnx.wrapped_model import WrappedModel
from mroi_plugin.engine.checkpoints import CheckpointMismatchError
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_files import find_config

FUSIONS = {
    'mlp': [],
    'linear': ['model.head.fusion.score=linear'],
    'pair_mlp': ['model.head.fusion.score=pair_mlp'],
    'self_attention': [
        'model.head.fusion.score=self_attention',
        'model.head.fusion.relation=absolute',
    ],
    'none': ['model.head.fusion.score=none'],
    'shared camera': ['model.head.camera_from=shared'],
}


def make_checkpoint(path, config, options=()):
    """A checkpoint of weights as they are drawn; the model in it."""
    torch.manual_seed(0)
    model = MODELS.build(load_config(config, 'unused', options=options).model)
    save_weights(model, path)
    return model.eval()


@pytest.mark.parametrize('name', FUSIONS)
def test_every_fusion(repo, tmp_path, name):
    config, options = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py'), FUSIONS[name]
    make_checkpoint(tmp_path / 'm.pth', config, options)
    out = str(tmp_path / 'm.onnx')
    report = export.export(config, str(tmp_path / 'm.pth'), out, options=tuple(options))
    found = report.against_torch
    assert all(item.holds for item in found) and len(found) == 6 and not report.against_fp32
    assert sorted(p.name for p in tmp_path.iterdir()) == ['m.onnx', 'm.pth']


@pytest.mark.parametrize('name', ['mroi_synthetic', 'cliff_synthetic'])
def test_the_file_alone_gives_the_bodies_of_torch(repo, tmp_path, name, capsys):
    """Run here without our code: any number of persons, less than 0.1 mm apart."""
    config = find_config(name)
    model = make_checkpoint(tmp_path / 'm.pth', config)
    out = tmp_path / 'm.onnx'
    assert main(['export', config, str(tmp_path / 'm.pth'), '--out', str(out), '--body']) == 0
    session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    wrapped = WrappedModel(model, body=True, crop_size=(48, 64))
    for persons in (1, 2, 5):
        crops, rois, focal = wrapped.example(persons)
        given = {'crops': crops, 'rois': rois, 'focal_length': focal}
        told = session.run(None, {key: value.numpy() for key, value in given.items()})
        found = dict(zip(wrapped.outputs, told))
        batch = model.data_preprocessor({'img': crops, 'rois': rois, 'focal_length': focal})
        expected = model(**batch, mode='predict')
        for n in range(persons):
            apart = np.abs(found['pred_vertices'][n] - expected[n]['pred_vertices'].numpy())
            assert apart.max() < 1e-4
            cameras = expected[n]['pred_cam_full'].numpy()
            np.testing.assert_allclose(found['pred_cam_full'][n], cameras, rtol=1e-4, atol=1e-4)
    meta = {p.key: p.value for p in onnx.load(str(out)).metadata_props}
    assert meta['num_rois'] == str(model.head.num_rois) and meta['crop_size_hw'] == '[64, 48]'
    assert meta['config'] == f'{name}.py'
    report = json.loads((tmp_path / 'm.json').read_text())
    names = {row['what'] for row in report['against_torch']}
    assert names >= {'pred_vertices', 'positional encoding'}
    assert report['options']['precision'] == 'fp32' and report['against_fp32'] == {}
    assert 'pred_vertices' in capsys.readouterr().out


def test_a_file_that_differs_is_not_left(repo, tmp_path, monkeypatch):
    config = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py')
    make_checkpoint(tmp_path / 'm.pth', config)
    monkeypatch.setitem(compare.LIMITS, 'pred_pose', (-1.0, ''))
    monkeypatch.setattr(compare, 'OWN_ROUNDING', -1.0)
    with pytest.raises(ValueError, match='differs from torch: pred_pose by'):
        export.export(config, str(tmp_path / 'm.pth'), str(tmp_path / 'm.onnx'))
    assert [p.name for p in tmp_path.iterdir()] == ['m.pth']


def test_a_naive_encoding_is_refused(repo, tmp_path):
    config = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py')
    make_checkpoint(tmp_path / 'm.pth', config)
    options = ('model.head.fusion.encoding=naive',)
    with pytest.raises(ValueError, match=r'--cfg-options model\.head\.fusion\.encoding=exact'):
        export.export(config, str(tmp_path / 'm.pth'), str(tmp_path / 'm.onnx'), options=options)


def test_a_comparison_with_nan_does_not_hold():
    assert not compare.Comparison('x', float('nan'), 1.0, '').holds


def test_bad_requests(repo, tmp_path, monkeypatch, capsys):
    config, weights = str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py'), str(tmp_path / 'm.pth')
    torch.save({'a': torch.zeros(1)}, weights)
    with pytest.raises(CheckpointMismatchError):
        export.export(config, weights, str(tmp_path / 'm.onnx'))
    with pytest.raises(ValueError, match=r'must end in \.onnx'):
        export.export(config, weights, str(tmp_path / 'm.pt'))
    with pytest.raises(ValueError, match=r'm\.pth is a file, expected a folder'):
        export.export(config, weights, str(tmp_path / 'm.pth' / 'm.onnx'))
    hmr = str(repo / 'configs' / 'hosts' / 'hmr_synthetic.py')
    with pytest.raises(ValueError, match='this is for MultiRoIEstimator'):
        export.export(hmr, weights, str(tmp_path / 'm.onnx'))
    with pytest.raises(SystemExit) as stop:
        main(['export', config, str(tmp_path / 'none.pth')])
    assert stop.value.code == 2 and 'no such checkpoint' in capsys.readouterr().err
    monkeypatch.setitem(__import__('sys').modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r'mroi_plugin\[onnx\]'):
        export.export(config, weights, str(tmp_path / 'm.onnx'))


class Sensitive(torch.nn.Module):
    """Enlarges the rounding of a sum of many numbers to more than a limit."""

    inputs, outputs = ('crops',), ('pred_pose',)

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(512, 1, 9)
        with torch.no_grad():
            self.conv.weight.normal_(generator=torch.Generator().manual_seed(0))

    def example(self, persons):
        return (torch.randn(persons, 512, 9, 9, generator=torch.Generator().manual_seed(1)),)

    def forward(self, crops):
        return (100 * self.conv(crops).flatten(1),)


@torch.no_grad()
def test_torch_s_own_rounding_is_no_difference_and_another_network_is_one(tmp_path):
    module = Sensitive()
    write_graph(module, module.example(2), module.inputs, tmp_path / 'm.onnx')
    (found,) = compare.compare_model(module, tmp_path / 'm.onnx')
    assert 1e-4 < found.error <= found.limit < 0.5 and found.holds
    own = module.conv.bias[0].clone()
    module.conv.bias[0] = torch.nan
    (found,) = compare.compare_model(module, tmp_path / 'm.onnx')
    assert not found.holds
    module.conv.bias[0] = own + 0.01
    (found,) = compare.compare_model(module, tmp_path / 'm.onnx')
    assert found.error > 0.9 and not found.holds
