"""mmengine's own checkpoints under safe loading, and nothing beyond them."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn

from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.safe_unpickling import (
    checkpoint_globals_allowed,
    read_pickle,
    read_torch,
)

SAFE = tuple(int(p) for p in torch.__version__.split('.')[:2]) >= (2, 6)
needs_safe_default = pytest.mark.skipif(not SAFE, reason='weights_only of torch 2.6')


@pytest.fixture(autouse=True)
def scope_of_other_tests(monkeypatch):
    """The Runner sets the default scope of the whole process."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


@pytest.fixture
def names_of_globals():
    """What torch takes for harmless, by name; only its own at first, whatever ran before."""
    if not SAFE:
        yield lambda: set()
        return
    serialization = torch.serialization
    known = serialization.get_safe_globals()
    serialization.clear_safe_globals()
    yield lambda: set(map(str, serialization.get_safe_globals()))
    serialization.clear_safe_globals()
    serialization.add_safe_globals(known)


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(2, 1)

    def forward(self, x, y, mode):
        return {'loss': F.mse_loss(self.line(x), y)}


def train(work_dir, epochs, resume=False):
    generator = torch.Generator().manual_seed(0)
    pairs = [tuple(torch.randn(n, generator=generator) for n in (2, 1)) for _ in range(4)]
    runner = Runner(
        Line(),
        str(work_dir),
        train_dataloader=dict(
            dataset=pairs,
            batch_size=2,
            sampler=dict(type='DefaultSampler', shuffle=True),
            collate_fn=dict(type='default_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.1)),
        param_scheduler=dict(type='MultiStepLR', milestones=[1]),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=1),
            logger=dict(type='LoggerHook', interval=1),
        ),
        resume=resume,
        log_level='ERROR',
        experiment_name=f'{work_dir.name}_{epochs}',
    )
    runner.train()
    return runner


def test_a_run_resumes_from_its_own_checkpoint(tmp_path):
    train(tmp_path, 2)
    content = read_torch(str(tmp_path / 'epoch_2.pth'))
    losses = content['message_hub']['log_scalars']['train/loss']
    assert isinstance(losses, HistoryBuffer) and len(losses.data[0]) == 4
    assert content['param_schedulers'] and content['optimizer']['state']
    with checkpoints_read_safely():
        runner = train(tmp_path, 3, resume=True)
    assert runner.epoch == 3 and (tmp_path / 'epoch_3.pth').exists()
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 6


@needs_safe_default
def test_plain_safe_loading_reads_it(tmp_path, names_of_globals):
    train(tmp_path, 1)
    before = names_of_globals()
    with checkpoint_globals_allowed():
        content = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    assert content['message_hub']['log_scalars']['train/loss'].mean() > 0
    assert names_of_globals() == before


class Thief:
    def __init__(self, function, *arguments):
        self.wanted = (function, arguments)

    def __reduce__(self):
        return self.wanted


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize(
    'thief',
    [
        Thief(os.mkdir, 'stolen'),
        Thief(eval, '__import__("os").mkdir("stolen")'),
        Thief(getattr, HistoryBuffer, '__init__'),
        Thief(getattr, torch.Tensor, 'numpy'),
    ],
    ids=['os', 'eval', 'private method', 'method of another class'],
)
def test_nothing_else_is_executed(tmp_path, monkeypatch, thief, zipped):
    monkeypatch.chdir(tmp_path)
    torch.save({'x': thief}, 'b.pth', _use_new_zipfile_serialization=zipped)
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        read_torch('b.pth')
    if SAFE:
        with pytest.raises((pickle.UnpicklingError, ValueError)):
            torch.load('b.pth', weights_only=True)
    assert not (tmp_path / 'stolen').exists()


@pytest.mark.parametrize('zipped', [True, False])
def test_plain_tensors_are_read(tmp_path, zipped):
    weights = {'a': torch.rand(3), 'b': nn.Parameter(torch.ones(2, dtype=torch.bfloat16))}
    path = str(tmp_path / 'a.pth')
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    read = read_torch(path)
    assert torch.equal(read['a'], weights['a']) and torch.equal(read['b'], weights['b'])


@needs_safe_default
def test_what_others_allowed_stays_allowed(tmp_path, names_of_globals):
    torch.save({'a': torch.zeros(1)}, tmp_path / 'a.pth')
    torch.serialization.add_safe_globals([type(np.dtype(np.float64))])
    before = names_of_globals()
    with checkpoint_globals_allowed():
        inside = names_of_globals()
        read_torch(str(tmp_path / 'a.pth'))
        assert names_of_globals() == inside > before
    assert names_of_globals() == before


def test_arrays_ask_for_no_codec_but_latin1(tmp_path):
    text = b'c_codecs\nencode\n(V' + b'a' * 9 + b'\nVpunycode\ntR.'
    (tmp_path / 'a.pkl').write_bytes(text)
    with pytest.raises(UnsafeFileError, match='punycode'):
        read_pickle(str(tmp_path / 'a.pkl'))
