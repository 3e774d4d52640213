"""Files of torch are what was saved, and nothing that a forged file makes of them."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections import Counter, OrderedDict

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


def named(module, name):
    return f'c{module}\n{name}\n'.encode()


def text(value):
    return b'X' + struct.pack('<I', len(value)) + value.encode()


def number(value):
    data = pickle.encode_long(value)
    return b'\x8a' + bytes([len(data)]) + data


def several(*items):
    return b'(' + b''.join(items) + b't'


def table(**items):
    return b'}(' + b''.join(text(name) + item for name, item in items.items()) + b'u'


def call(function, *arguments):
    return function + several(*arguments) + b'R'


def new(cls):
    return cls + b')\x81'


HISTORY = named('mmengine.logging.history_buffer', 'HistoryBuffer')
NDARRAY, DTYPE = named('numpy', 'ndarray'), named('numpy', 'dtype')
SIZE = named('torch', 'Size')
IDENTITY = call(named('builtins', 'getattr'), HISTORY, text('register_statistics'))
WITH_STATE = named('torch._tensor', '_rebuild_from_type_v2')
BUFFER = named('numpy._core.numeric', '_frombuffer')
NO_BYTES = named('builtins', 'bytes') + b')R'
PROGRAMS = {
    'attribute of a class': named('collections', 'Counter')
    + several(b'N', table(update=SIZE))
    + b'b',
    'defaults of a function': (
        named('torch._utils', '_rebuild_tensor_v2') + several(b'N', table(__defaults__=b')')) + b'b'
    ),
    'method of HistoryBuffer': IDENTITY,
    'attribute by way of a tensor': call(
        WITH_STATE, SIZE, named('torch.nn.parameter', 'Parameter'), b')', table(detach=SIZE)
    ),
    'statistics of HistoryBuffer': new(HISTORY) + table(statistics_methods=table(mean=SIZE)) + b'b',
    'an object for the name of arrays': new(NDARRAY),
    'attributes of it': new(NDARRAY) + several(b'N', table(__class__=DTYPE)) + b'b',
    'an array of no type': call(BUFFER, NO_BYTES, text('O'), several(number(0)), text('C')),
    'a call of what was read': call(call(DTYPE, text('f8')), number(1)),
    'a call of a type of torch': call(named('torch', 'float32'), number(1)),
    'a storage out of nothing': call(named('torch.storage', 'UntypedStorage'), number(8)),
    'a tensor over a number': call(
        named('torch._utils', '_rebuild_tensor_v2'), number(1), number(0), b')', b')', b'\x89', b'N'
    ),
    'ten billion empty texts': call(
        BUFFER, NO_BYTES, call(DTYPE, text('S')), several(number(10**10)), text('C')
    ),
    'methods of a state dict': (
        named('collections', 'OrderedDict')
        + b')R'
        + table(items=SIZE)
        + b'b'
        + text('x')
        + b'\x86'
        + named('os', 'system')
        + b'0'
    ),
}
"""Pickles, as opcodes, that classes of torch and mmengine would obey."""


def write(path, program, zipped):
    program = b'\x80\x02' + program + b'.'
    if zipped:
        with zipfile.ZipFile(path, 'w') as file:
            file.writestr('archive/data.pkl', program)
            file.writestr('archive/version', '3\n')
        return
    with open(path, 'wb') as file:
        for value in (0x1950A86A20F9469CFC6C, 1001, {'protocol_version': 1001}):
            pickle.dump(value, file, 2)
        file.write(program)
        pickle.dump([], file, 2)


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('name', PROGRAMS)
def test_programs_are_refused(name, zipped, tmp_path):
    def classes():
        return [{**vars(cls)} for cls in (Counter, nn.Parameter, HistoryBuffer, OrderedDict)]

    before, statistics = classes(), dict(HistoryBuffer._statistics_methods)
    write(tmp_path / 'a.pth', PROGRAMS[name], zipped)
    with pytest.raises((UnsafeFileError, ValueError)):
        read_torch(str(tmp_path / 'a.pth'))
    assert classes() == before and statistics == HistoryBuffer._statistics_methods


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


@pytest.mark.parametrize('zipped', [True, False])
def test_a_tensor_is_within_its_storage(zipped, tmp_path):
    """A view beyond the end, and a storage that claims more than the file has."""
    path = tmp_path / 'a.pth'
    torch.save(torch.arange(1234.0), path, _use_new_zipfile_serialization=zipped)
    content, wanted = path.read_bytes(), b'M\xd2\x04'  # 1234: of the storage, then of the tensor
    assert content.count(wanted) == 2
    first = content.index(wanted)
    second = content.index(wanted, first + 1)
    for place in (first, second):
        forged = content[:place] + b'M\xff\xff' + content[place + 3 :]
        path.write_bytes(forged if not zipped else with_sums(forged))
        with pytest.raises(Exception, match='bounds|size|storage|record|read'):
            read_torch(str(path))


def with_sums(content):
    """The archive with the check sum of its first entry, the pickle, as it is now."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        entries = [(info, read_without_sum(content, info)) for info in file.infolist()]
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as file:
        for info, data in entries:
            file.writestr(info.filename, data)
    return out.getvalue()


def read_without_sum(content, info):
    name, extra = struct.unpack_from('<HH', content, info.header_offset + 26)
    start = info.header_offset + 30 + name + extra
    return content[start : start + info.file_size]


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
