"""No file that the plugin reads can execute anything: by its source, and by files that try."""

from __future__ import annotations

import ast
import pickle

import numpy as np
import pytest
import torch
from locations import ROOT
from mmengine.config import Config

from mroi_plugin.datasets.annotations import read_annotations, read_poses
from mroi_plugin.engine.checkpoints import (
    CheckpointMismatchError,
    check_checkpoint,
    read_checkpoint,
)
from mroi_plugin.engine.resume import check_resumable
from mroi_plugin.models.body_models.free_body import export_free_body
from mroi_plugin.models.body_models.official import load_smpl_file
from mroi_plugin.models.body_models.smpl import SMPLBody, load_mean_params
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.npz_files import read_npz
from mroi_plugin.utils.safe_unpickling import read_pickle

SOURCES = sorted([*(ROOT / 'mroi_plugin').rglob('*.py'), *(ROOT / 'tools').glob('*.py')])
READERS_OF_OUR_OWN = {
    'mroi_plugin/utils/strict_unpickler.py',
}
"""Files with an unpickler that knows a list of names and nothing else."""
SAFE_ARGUMENT = {
    'torch.load': ('weights_only', True),
    'np.load': ('allow_pickle', False),
    'numpy.load': ('allow_pickle', False),
    'npy.read_array': ('allow_pickle', False),
}
FORBIDDEN = {
    *('eval', 'exec', 'compile', '__import__', 'os.system', 'os.popen'),
    *('yaml.load', 'yaml.unsafe_load', 'yaml.full_load', 'joblib.load', 'dill.load', 'dill.loads'),
    *('pickle.load', 'pickle.loads', 'cPickle.load', 'marshal.loads', 'shelve.open'),
    *('pandas.read_pickle', 'pd.read_pickle', 'Config.fromstring', 'load_state_dict_from_url'),
    *('torch.hub.load', 'torch.hub.load_state_dict_from_url', 'mmengine.load', 'mmcv.load'),
}


def risky_calls(source):
    """Calls in a source text that could execute what a file says, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {k.arg: getattr(k.value, 'value', None) for k in node.keywords}
        if name in SAFE_ARGUMENT:
            argument, value = SAFE_ARGUMENT[name]
            if given.get(argument) is not value:
                yield node.lineno, f'{name} without {argument}={value}'
        elif name in FORBIDDEN or given.get('shell') is True or given.get('allow_pickle') is True:
            yield node.lineno, name


@pytest.mark.parametrize('path', SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_source_reads_unsafely(path):
    assert list(risky_calls(path.read_text(encoding='utf-8'))) == []


def test_unpicklers_are_those_that_know_a_list_of_names():
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Attribute) and node.attr in ('Unpickler', '_Unpickler'):
                found.add(str(path.relative_to(ROOT)))
    assert found == READERS_OF_OUR_OWN
    for name in found:
        classes = [
            n for n in ast.parse((ROOT / name).read_text()).body if isinstance(n, ast.ClassDef)
        ]
        unpicklers = [c for c in classes if 'Unpickler' in ''.join(map(ast.unparse, c.bases))]
        assert unpicklers and all('find_class' in ast.unparse(c) for c in unpicklers)


@pytest.mark.parametrize(
    'text',
    [
        "torch.load('a')",
        "torch.load('a', weights_only=False)",
        "np.load('a')",
        "np.load('a', allow_pickle=True)",
        'pickle.loads(b)',
        'yaml.load(f)',
        "eval('1')",
        "subprocess.run('ls', shell=True)",
        'Config.fromstring(text)',
    ],
)
def test_the_audit_sees(text):
    assert list(risky_calls(text))


class Thief:
    """Writes a file when it is unpickled."""

    def __init__(self, trace):
        self.trace = str(trace)

    def __reduce__(self):
        return open, (self.trace, 'w')


@pytest.fixture
def trace(tmp_path):
    """A place for thieves to write to; stays empty."""
    path = tmp_path / 'trace'
    with open(tmp_path / 'proof', 'wb') as file:
        pickle.dump(Thief(path), file)
    with open(tmp_path / 'proof', 'rb') as file:
        pickle.load(file).close()  # it would work
    path.unlink()
    yield path
    assert not path.exists()


def npz(path, **entries):
    np.savez(path, **{k: np.array(v, dtype=object) for k, v in entries.items()})
    return str(path)


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('read', [read_checkpoint, check_resumable])
def test_checkpoints(tmp_path, trace, read, zipped):
    path = str(tmp_path / 'a.pth')
    content = {'state_dict': {'a': torch.ones(1)}, 'meta': Thief(trace)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r'a\.pth'):
        read(path)
    with open(path, 'wb') as file:  # not torch's format at all
        pickle.dump(content, file)
    with pytest.raises(ValueError, match=r'a\.pth'):
        read(path)


def test_config_text_of_a_checkpoint(tmp_path, trace):
    model = MODELS.build(Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model)
    path = str(tmp_path / 'a.pth')
    for text in (
        f'model = open({str(trace)!r}, "w")',
        f'x = open({str(trace)!r}, "w")\nmodel = dict(type="A")',
        f'model = dict(type="A", head=dict(num_rois=open({str(trace)!r}, "w")))',
        f'model = dict(**open({str(trace)!r}, "w"))',
    ):
        torch.save({'state_dict': {'a': torch.ones(1)}, 'meta': {'cfg': text}}, path)
        with pytest.raises(CheckpointMismatchError, match=r'a\.pth does not fit'):
            check_checkpoint(model, path)


@pytest.mark.parametrize('read', [read_npz, lambda p: read_annotations(p, 'smpl_54'), read_poses])
@pytest.mark.parametrize('nested', [False, True])
def test_annotations(tmp_path, trace, read, nested):
    evil = {'image_path': [Thief(trace)]} if nested else Thief(trace)
    path = npz(tmp_path / 'a.npz', smpl=evil, image_path=['a.jpg'], bbox_xywh=[[1, 1, 9, 9]])
    with pytest.raises(ValueError, match=r'a\.npz.*is refused'):
        read(path)


def test_annotation_pickles(tmp_path, trace):
    (tmp_path / 'seq.pkl').write_bytes(pickle.dumps({'poses': [Thief(trace)]}))
    with pytest.raises(ValueError, match=r'seq\.pkl is refused'):
        read_pickle(str(tmp_path / 'seq.pkl'))


@pytest.fixture
def bodies(tmp_path):
    """SMPL's files in SMPL's layout, from the free body."""
    return export_free_body(tmp_path / 'smpl')


@pytest.mark.parametrize('name', ['SMPL_NEUTRAL.pkl', 'SMPL_NEUTRAL.npz'])
def test_body_models(bodies, trace, name):
    path = bodies / name
    if name.endswith('.npz'):
        npz(path, v_template=[Thief(trace)])
    else:
        path.write_bytes(pickle.dumps({'v_template': Thief(trace)}))
    with pytest.raises(ValueError, match=name):
        load_smpl_file(str(path))


@pytest.mark.parametrize('name', ['J_regressor_h36m.npy', 'J_regressor_extra.npy'])
def test_regressors(bodies, trace, name):
    np.save(bodies / name, np.array([Thief(trace)], dtype=object))
    with pytest.raises(ValueError, match=name):
        SMPLBody(str(bodies))


def test_mean_parameters(bodies, trace):
    npz(bodies / 'smpl_mean_params.npz', pose=[Thief(trace)], shape=[0], cam=[0])
    with pytest.raises(ValueError, match=r'smpl_mean_params\.npz'):
        load_mean_params(str(bodies))


def test_pretrained_weights_of_a_config(tmp_path, trace):
    """``init_cfg=dict(type='Pretrained')`` of mmhuman3d's backbone, as training reads it."""
    from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely

    torch.save({'state_dict': {}, 'meta': Thief(trace)}, tmp_path / 'a.pth')
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    cfg.backbone.init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'))
    model = MODELS.build(cfg)
    with checkpoints_read_safely(), pytest.raises(UnsafeFileError):
        model.init_weights()
