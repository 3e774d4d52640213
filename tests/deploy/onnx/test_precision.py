"""Files of fewer bits: what is stored and computed so, and what they say of their error."""

from __future__ import annotations

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from drawn_weights import save_weights
from skimage import data
from versions import needs_opset_20

from mroi_plugin.cli import main
from mroi_plugin.deploy.onnx import export as export_module
from mroi_plugin.deploy.onnx.export import ExportOptions, export
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model

CONFIG = 'mroi_open'
LIMITS_MM = {'fp16': 2, 'int8': 60}
BOXES = np.array([[120, 10, 230, 400], [300, 250, 150, 200]], np.float32)


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    torch.manual_seed(0)
    model = build_model(load_config(CONFIG, 'unused').model)
    return save_weights(model, tmp_path_factory.mktemp('weights') / 'm.pth')


@pytest.fixture(scope='module')
def files(weights, tmp_path_factory):
    """Files of all precisions by name, and their reports."""
    folder, found = tmp_path_factory.mktemp('files'), {}
    for precision in ('fp32', 'fp16', 'int8'):
        out = folder / f'{precision}.onnx'
        found[precision] = (
            out,
            export(CONFIG, weights, str(out), ExportOptions(True, True, precision=precision)),
        )
    return found


def run(path):
    given = {'image': data.astronaut(), 'boxes': BOXES, 'focal_length': np.array(800, np.float32)}
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, given)))


@pytest.mark.parametrize('precision', ['fp16', 'int8'])
def test_fewer_bits_are_smaller_and_near(files, precision):
    """Of another image than the ones that the report was made with: errors of the same size."""
    path, report = files[precision]
    assert report.size_mib < 0.9 * files['fp32'][1].size_mib
    assert report.size_mib == pytest.approx(path.stat().st_size / 2**20, abs=0.01)
    exact, found = run(files['fp32'][0]), run(path)
    assert all(value.dtype == exact[name].dtype for name, value in found.items())
    np.testing.assert_array_equal(found['rois'], exact['rois'])
    apart = 1000 * np.linalg.norm(found['pred_vertices'] - exact['pred_vertices'], axis=-1)
    told = report.against_fp32
    assert 0 < apart.mean() < told['vertices_max_mm']
    assert 0 < told['vertices_mean_mm'] < told['vertices_max_mm'] < LIMITS_MM[precision]
    assert 0 < told['translation_mean_mm'] <= told['translation_max_mm']


def test_layers_with_weights_are_in_half_precision_and_nothing_else(files):
    model = onnx.load(str(files['fp16'][0]))
    half = {t.name for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT16}
    layers = [n for n in model.graph.node if n.op_type in ('Conv', 'Gemm')]
    assert len(layers) > 70 and all(node.input[1] in half for node in layers)
    rest = [n for n in model.graph.node if set(n.input) & half and n.op_type != 'Cast']
    assert all('backbone' in node.name or '/head/' in node.name for node in rest)
    assert not any(name in node.name for node in rest for name in ('encoding', 'body_model'))


def test_linear_layers_have_eight_bits(files):
    operators = [node.op_type for node in onnx.load(str(files['int8'][0])).graph.node]
    assert operators.count('MatMulInteger') == 12 and 'ConvInteger' not in operators
    assert 'Gemm' not in operators and 'Conv' in operators


def test_the_command_says_the_error(weights, tmp_path, capsys):
    out = tmp_path / 'm.onnx'
    words = ['--precision', 'fp16', '--opset', '17', '--out', str(out)]
    assert main(['export', CONFIG, weights, *words]) == 0
    report = json.loads(out.with_suffix('.json').read_text())
    assert report['options'] == {
        'body': False, 'from_image': False, 'opset': 17, 'precision': 'fp16',
    }  # fmt: skip
    told = capsys.readouterr().out
    mean = report['against_fp32']['vertices_mean_mm']
    assert f'fp16 against fp32, on images of noise: vertices {mean:.2f} mm' in told
    (opset,) = (x.version for x in onnx.load(str(out)).opset_import if x.domain == '')
    assert opset == 17
    assert sorted(path.name for path in tmp_path.iterdir()) == ['m.json', 'm.onnx']


def test_numbers_that_are_not_finite_make_no_file(weights, tmp_path, monkeypatch):
    """Weights beyond what 16 bits hold."""
    state = torch.load(weights, weights_only=True)
    name = next(name for name in state if name.startswith('head') and 'trunk' in name)
    state[name] = torch.full_like(state[name], 1e6)
    torch.save(state, tmp_path / 'm.pth')
    monkeypatch.setattr(export_module, '_refuse_differences', lambda *_: None)
    with pytest.raises(ValueError, match=r'fewer bits give NaN or infinity; use --precision fp32'):
        export(
            CONFIG, str(tmp_path / 'm.pth'), str(tmp_path / 'm.onnx'),
            ExportOptions(precision='fp16'),
        )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ['m.pth']


def test_layers_that_are_used_again_and_again_have_fewer_bits_too(tmp_path):
    """The iterations of `HMRRegressor` share their weights."""
    torch.manual_seed(0)
    model = build_model(load_config('cliff_synthetic', 'unused').model)
    torch.save(model.state_dict(), tmp_path / 'm.pth')
    found = {}
    for precision in ('fp32', 'fp16', 'int8'):
        out = str(tmp_path / 'm.onnx')
        chosen = ExportOptions(precision=precision)
        found[precision] = export('cliff_synthetic', str(tmp_path / 'm.pth'), out, chosen).size_mib
    assert found['fp16'] < 0.6 * found['fp32'] and found['int8'] < 0.8 * found['fp32']


@pytest.mark.parametrize('opset', [13, pytest.param(20, marks=needs_opset_20)])
def test_other_opsets(config, checkpoint, tmp_path, opset):
    out = tmp_path / 'm.onnx'
    export(config, checkpoint, str(out), ExportOptions(True, True, opset, 'fp16'))
    assert np.isfinite(run(out)['pred_vertices']).all()


def test_unknown_options():
    with pytest.raises(ValueError, match='opset=12: expected 13 to 20'):
        ExportOptions(opset=12)
    with pytest.raises(ValueError, match="precision='fp8': expected one of fp32, fp16, int8"):
        ExportOptions(precision='fp8')
