"""Every way in which mmengine and mmcv 1.x read a checkpoint executes nothing of it."""

from __future__ import annotations

import functools
import http.server
import os
import pickle
import threading

import pytest
import torch
from torch import nn

from mroi_plugin.host import load_host, prepare
from mroi_plugin.host.safe_loading import READERS, make_reader_safe


class Thief:
    def __reduce__(self):
        return os.mkdir, ('stolen',)


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A folder with a harmless checkpoint, one that runs code and one whose config text does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    load_host()
    prepare()
    state = nn.Linear(2, 1).state_dict()
    torch.save({'state_dict': state, 'meta': {}}, 'good.pth')
    torch.save({'state_dict': state, 'extra': Thief()}, 'thief.pth')
    config = 'import os\nos.mkdir("stolen")\ngpu_ids = []\n'
    torch.save({'state_dict': state, 'meta': {'config': config, 'epoch': 1}}, 'text.pth')
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
    with pytest.raises(pickle.UnpicklingError):
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
    with pytest.raises(pickle.UnpicklingError):
        initialize(nn.Linear(2, 1), {'type': 'Pretrained', 'checkpoint': 'thief.pth', **options})
    if prefix is None:
        initialize(nn.Linear(2, 1), {'type': 'Pretrained', 'checkpoint': 'good.pth'})


def test_torch_itself_and_other_modules_are_left_alone():
    load_host()
    prepare()
    assert torch.load.__module__ == 'torch.serialization'
    before = vars(pickle).copy()
    make_reader_safe(pickle)
    assert vars(pickle) == before


def test_whatever_was_imported_first():
    from fresh import run_code

    run_code(
        'import mmengine.runner.checkpoint, mroi_plugin\n'
        'from mroi_plugin.host import load_host, prepare\n'
        'prepare(); load_host()\n'
        'import mmcv.runner.checkpoint as a, mmengine.runner.checkpoint as b\n'
        'assert a.torch.load is b.torch.load is not __import__("torch").load\n'
    )
