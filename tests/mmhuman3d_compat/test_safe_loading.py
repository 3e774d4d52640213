"""While a run of ours lasts, mmengine and mmcv 1.x execute nothing of a checkpoint; before and
after, they are as they were."""

from __future__ import annotations

import functools
import http.server
import os
import threading

import pytest
import torch
from torch import nn

from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.mmhuman3d_compat.safe_loading import READERS, checkpoints_read_safely
from mroi_plugin.utils.array_pickles import UnsafeFileError

needs_safe_globals = pytest.mark.skipif(
    not hasattr(torch.serialization, 'get_safe_globals'), reason='torch 2.4 and newer'
)


class Thief:
    def __reduce__(self):
        return os.mkdir, ('stolen',)


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A folder with a harmless checkpoint, one that runs code and one whose config text does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    load_mmhuman3d()
    state = nn.Linear(2, 1).state_dict()
    torch.save({'state_dict': state, 'meta': {}}, 'good.pth')
    torch.save({'state_dict': state, 'extra': Thief()}, 'thief.pth')
    config = 'import os\nos.mkdir("stolen")\ngpu_ids = []\n'
    torch.save({'state_dict': state, 'meta': {'config': config, 'epoch': 1}}, 'text.pth')
    with checkpoints_read_safely():
        yield tmp_path
    assert not (tmp_path / 'stolen').exists()


def readers():
    import mmcv.runner.checkpoint as old
    import mmengine.runner.checkpoint as new

    assert [new.__name__, old.__name__] == list(READERS)
    return {'mmengine': new, 'mmcv': old}


@pytest.fixture
def address(planted):
    """Where a web server hands out the folder."""
    handler = functools.partial(QuietHandler, directory=str(planted))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/'
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): ...


@pytest.mark.parametrize('engine', ['mmengine', 'mmcv'])
@pytest.mark.parametrize('scheme', ['file', 'http'])
def test_load_checkpoint(planted, address, engine, scheme):
    where = address if scheme == 'http' else ''
    load = readers()[engine].load_checkpoint
    model = nn.Linear(2, 1)
    load(model, f'{where}good.pth')
    assert torch.equal(
        model.weight, torch.load('good.pth', weights_only=True)['state_dict']['weight']
    )
    with pytest.raises(UnsafeFileError):
        load(model, f'{where}thief.pth')
    assert 'config' not in load(model, f'{where}text.pth')['meta']


@pytest.mark.parametrize('engine', ['mmengine', 'mmcv'])
@pytest.mark.parametrize('prefix', [None, 'line'])
def test_pretrained_weights_of_a_backbone(planted, engine, prefix):
    """``init_cfg=dict(type='Pretrained')`` of either engine's modules."""
    from mmcv.cnn import initialize as old
    from mmengine.model import initialize as new

    initialize = {'mmengine': new, 'mmcv': old}[engine]
    options = {} if prefix is None else {'prefix': prefix}
    with pytest.raises(UnsafeFileError):
        initialize(nn.Linear(2, 1), {'type': 'Pretrained', 'checkpoint': 'thief.pth', **options})
    if prefix is None:
        initialize(nn.Linear(2, 1), {'type': 'Pretrained', 'checkpoint': 'good.pth'})


SNAPSHOT = """
import sys, argparse, torch
{imports}
import mmcv, mmengine
import mmcv.runner.checkpoint as old, mmengine.runner.checkpoint as new

class Net(torch.nn.Linear): ...
state = torch.nn.Linear(2, 1).state_dict()
text = 'gpu_ids = []'
meta = {{'config': text, 'args': argparse.Namespace(a=1)}}
torch.save({{'state_dict': state, 'meta': meta}}, 'a.pth')
torch.load = (lambda load: lambda *a, **k: load(*a, **{{**k, 'weights_only': False}}))(torch.load)
for reader in (old, new):
    found = reader.CheckpointLoader.load_checkpoint('a.pth', map_location='cpu')
    print(sorted(found['meta']), found['meta']['args'].a, reader.torch is torch)
    print(reader.load_url.__module__, reader.CheckpointLoader.load_checkpoint.__module__)
print(sorted(old.CheckpointLoader._schemes), sorted(new.CheckpointLoader._schemes))
names = [getattr(g, '__qualname__', '') for g in torch.serialization.get_safe_globals()]
print(torch.load.__name__, sorted(names))
"""


@needs_safe_globals
def test_importing_the_plugin_changes_no_other_reader(tmp_path, monkeypatch):
    """How other methods' checkpoints are read does not depend on whether or when it is imported."""
    from fresh import run_code

    monkeypatch.chdir(tmp_path)
    load = 'from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d; load_mmhuman3d()'
    used = (
        'from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely\n'
        'with checkpoints_read_safely(): pass'
    )
    stand_in = (
        'from importlib.machinery import ModuleSpec\n'
        'sys.modules["torchvision"] = type(sys)("torchvision")\n'
        'sys.modules["torchvision"].__spec__ = ModuleSpec("torchvision", None)'
    )
    seen = []
    for lines in ('', 'import mroi_plugin', load, used):
        told = run_code(SNAPSHOT.format(imports=f'{stand_in}\n{lines}'))
        seen.append([line for line in told.splitlines() if ' - INFO - ' not in line])
    assert seen == [seen[0]] * len(seen)
    assert seen[0].count("['args', 'config'] 1 True") == 2


def test_contexts_that_overlap_end_with_the_last():
    """As in threads: the first ends before the second."""
    import mmengine.runner.checkpoint as reader

    before = reader.torch, reader.load_url
    first, second = checkpoints_read_safely(), checkpoints_read_safely()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert reader.torch is not before[0]
    second.__exit__(None, None, None)
    assert (reader.torch, reader.load_url) == before
