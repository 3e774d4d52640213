"""Files of torch are what was saved, and nothing that a forged file makes of them."""

from __future__ import annotations

import os
import pickle
import sys
import warnings
import zipfile

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from forged_arrays import FORGED, VALUES
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn

from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.torch_files import read_torch


@pytest.fixture(autouse=True)
def scope_of_other_tests(monkeypatch):
    """The Runner sets the default scope of the whole process."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


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
    with pytest.raises(UnsafeFileError):
        read_torch('b.pth')
    assert not (tmp_path / 'stolen').exists()


@pytest.mark.parametrize('zipped', [True, False])
def test_plain_tensors_are_read(tmp_path, zipped):
    weights = {'a': torch.rand(3), 'b': nn.Parameter(torch.ones(2, dtype=torch.bfloat16))}
    path = str(tmp_path / 'a.pth')
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    read = read_torch(path)
    assert torch.equal(read['a'], weights['a']) and torch.equal(read['b'], weights['b'])


SAVED = {
    name: value
    for name, value in VALUES.items()
    if isinstance(value, (np.ndarray, np.generic)) and 'objects' not in name
}


@pytest.mark.parametrize('name', SAVED)
def test_what_is_read_is_what_was_saved(name, tmp_path):
    path, value = tmp_path / 'a.pth', SAVED[name]
    torch.save({'a': value, 'b': [value]}, path)
    for _ in range(2):  # what was read is saved as numpy's own
        content = read_torch(str(path))
        again = content['a']
        assert again.dtype == value.dtype.newbyteorder('=') and again.shape == value.shape
        np.testing.assert_equal(np.asarray(again), np.asarray(value))
        torch.save(content, path)
    plain = pickle.loads(pickle.dumps(again))
    assert type(plain) is type(value)


@pytest.mark.parametrize('name', FORGED)
def test_forged_arrays_are_refused(name, tmp_path):
    torch.save({'state_dict': {}, 'a': FORGED[name][0]}, tmp_path / 'a.pth')
    with pytest.raises((ValueError, TypeError)):
        read_torch(str(tmp_path / 'a.pth'))


def test_of_a_state_dict_versions_alone_are_kept(tmp_path):
    state = nn.Sequential(nn.BatchNorm1d(2)).state_dict()
    state.update = print
    torch.save(state, tmp_path / 'a.pth')
    with pytest.raises(UnsafeFileError):
        read_torch(str(tmp_path / 'a.pth'))
    state.update = 3
    torch.save(state, tmp_path / 'a.pth')
    read = read_torch(str(tmp_path / 'a.pth'))
    assert callable(read.update) and read.keys() == state.keys()
    assert read._metadata == state._metadata


def test_tensors_with_attributes_and_shared_storages(tmp_path):
    whole = torch.arange(6.0)
    parameter = nn.Parameter(torch.ones(2))
    parameter.note = 'x'
    marked = torch.ones(3)
    marked.note = 'y'
    torch.save({'a': whole, 'b': whole[2:4], 'p': parameter, 'm': marked}, tmp_path / 'a.pth')
    read = read_torch(str(tmp_path / 'a.pth'))
    assert torch.equal(read['b'], whole[2:4]) and isinstance(read['p'], nn.Parameter)
    assert read['a'].data_ptr() + 8 == read['b'].data_ptr() and torch.equal(read['m'], marked)


@pytest.mark.parametrize('zipped', [True, False])
def test_state_dicts_are_those_of_torch(zipped, tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 2))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.rand(2, 3, 6, 6)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2])
    kinds = (torch.bfloat16, torch.float16, torch.int8, torch.bool, torch.complex64, torch.float64)
    content = {
        'model': model.state_dict(),
        'optimizer': optimizer.state_dict(),
        'scheduler': scheduler.state_dict(),
        'kinds': [torch.ones(2, 3).to(kind) for kind in kinds],
        'shapes': [
            torch.tensor(1.5),
            torch.zeros(0, 3),
            torch.rand(4, 3).T,
            torch.rand(1).expand(5),
        ],
        'grad': torch.ones(1, requires_grad=True),
        'plain': {'a': (1, None, 'x', b'y', {1, 2}), 2: [True, 0.5]},
        'size': model[0].weight.shape,
        'device': torch.device('cpu'),
    }
    torch.save(content, tmp_path / 'a.pth', _use_new_zipfile_serialization=zipped)
    read = read_torch(str(tmp_path / 'a.pth'))
    assert read['grad'].requires_grad and type(read['size']) is torch.Size

    def compare(a, b):
        if isinstance(a, torch.Tensor):
            assert a.dtype == b.dtype and a.stride() == b.stride() and torch.equal(a, b)
        elif isinstance(a, dict):
            assert list(a) == list(b)
            for key in a:
                compare(a[key], b[key])
        elif isinstance(a, list):
            assert len(a) == len(b)
            for x, y in zip(a, b):
                compare(x, y)
        else:
            assert a == b and type(a) is type(b)

    compare(content, read)


def test_a_damaged_storage_is_no_weight(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'a': torch.full((100,), 7.0)}, path)
    content = bytearray(path.read_bytes())
    content[content.index(torch.full((100,), 7.0).numpy().tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(zipfile.BadZipFile, match='CRC'):
        read_torch(str(path))


@pytest.mark.skipif(
    not hasattr(torch.serialization, 'set_crc32_options'), reason='came with torch 2.6'
)
def test_files_without_check_sums_are_read(tmp_path):
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({'a': torch.ones(100)}, tmp_path / 'a.pth')
    finally:
        torch.serialization.set_crc32_options(True)
    assert torch.equal(read_torch(str(tmp_path / 'a.pth'))['a'], torch.ones(100))


def test_files_of_another_order_of_bytes_are_refused(tmp_path):
    torch.save(torch.ones(2), tmp_path / 'a.pth')
    other = {'little': b'big', 'big': b'little'}[sys.byteorder]
    with (
        zipfile.ZipFile(tmp_path / 'a.pth') as file,
        zipfile.ZipFile(tmp_path / 'b.pth', 'w') as new,
    ):
        for name in file.namelist():
            new.writestr(name, other if name.endswith('/byteorder') else file.read(name))
        if 'a/byteorder' not in file.namelist():
            new.writestr('a/byteorder', other)
    with pytest.raises(UnsafeFileError, match='order of bytes'):
        read_torch(str(tmp_path / 'b.pth'))


def test_other_archives_are_no_files_of_torch(tmp_path):
    with zipfile.ZipFile(tmp_path / 'a.pth', 'w') as file:
        file.writestr('a.txt', 'text')
    with pytest.raises(UnsafeFileError, match='something else than torch'):
        read_torch(str(tmp_path / 'a.pth'))


def test_other_pickles_are_no_files_of_torch(tmp_path):
    (tmp_path / 'a.pth').write_bytes(3 * pickle.dumps([1, 2]))
    with pytest.raises(UnsafeFileError, match='no file of torch'):
        read_torch(str(tmp_path / 'a.pth'))


def test_nothing_is_warned_of(tmp_path):
    torch.save({'a': torch.ones(2)}, tmp_path / 'a.pth')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        read_torch(str(tmp_path / 'a.pth'))
