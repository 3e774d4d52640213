"""Forged files of torch: nothing is called, changed, or made of other memory than the file's."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
from collections import Counter, OrderedDict

import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn
from versions import needs_torch_2

from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.torch_files import read_torch


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
FLOATS = named('torch', 'FloatStorage')
TENSOR = call(
    named('torch._utils', '_rebuild_tensor_v2'),
    b'(' + text('storage') + FLOATS + text('0') + text('cpu') + number(1) + b'tQ',
    *(number(0), several(number(10**9)), several(number(0)), b'\x89', b'N'),
)
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
    'a shape that is a text': call(
        BUFFER, NO_BYTES, call(DTYPE, text('f8')), several(text('a'), number(3 * 2**30)), text('C')
    ),
    'a key of a thousand tuples': b'})' + b'\x85' * 1000 + b'Ns',
    'a key of 2^45 parts': b'})' + b'2\x86' * 45 + b'Ns',
    'such an item of a set': call(named('builtins', 'set'), b'])' + b'2\x86' * 45 + b'a'),
    'a set of a tensor': call(named('builtins', 'set'), TENSOR),
    'counts of a tensor': call(named('collections', 'Counter'), TENSOR),
    'items for a tensor': TENSOR + b'(K\x01\x90',
    'an item for a type': DTYPE + b'K\x01a',
    'three gigabytes that are not there': b'\x96' + struct.pack('<Q', 3 * 2**30) + b'0N',
    'the class of a storage': b'(' + text('module') + SIZE + text('a') + text('b') + b'tQ',
    'a view of a storage': (
        b'('
        + text('storage')
        + FLOATS
        + text('0')
        + text('cpu')
        + number(8)
        + several(text('v'), number(0), number(8))
        + b'tQ'
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
            file.writestr('archive/data/0', bytes(4))
            file.writestr('archive/version', '3\n')
        return
    with open(path, 'wb') as file:
        for value in (0x1950A86A20F9469CFC6C, 1001, {'protocol_version': 1001}):
            pickle.dump(value, file, 2)
        file.write(program)
        pickle.dump(['0'], file, 2)
        file.write(struct.pack('<q', 1) + bytes(4))


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('name', PROGRAMS)
def test_programs_are_refused(name, zipped, tmp_path):
    def classes():
        return [{**vars(cls)} for cls in (Counter, nn.Parameter, HistoryBuffer, OrderedDict)]

    before, statistics = classes(), dict(HistoryBuffer._statistics_methods)
    write(tmp_path / 'a.pth', PROGRAMS[name], zipped)
    with pytest.raises((UnsafeFileError, ValueError, EOFError)):
        read_torch(str(tmp_path / 'a.pth'))
    assert classes() == before and statistics == HistoryBuffer._statistics_methods


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


def test_old_archives_of_tar_are_not_unpacked(tmp_path):
    """Such a file may name others by links, whose rights it would then set."""
    victim = tmp_path / 'victim'
    victim.write_text('mine')
    victim.chmod(0o600)
    with tarfile.open(tmp_path / 'a.pth', 'w') as file:
        for name in ('storages', 'tensors', 'pickle'):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = tarfile.LNKTYPE, str(victim), 0o777
            file.addfile(entry)
    with pytest.raises((ValueError, RuntimeError, EOFError, IndexError)):
        read_torch(str(tmp_path / 'a.pth'))
    assert victim.stat().st_mode & 0o777 == 0o600 and victim.stat().st_nlink == 1


def test_storages_that_are_not_there_are_no_weights(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(torch.ones(300), path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    end = content.rindex(b'\x80\x02]')  # keys of the storages
    path.write_bytes(content[:end] + pickle.dumps([], 2) + content[end:])
    with pytest.raises(UnsafeFileError, match='does not hold'):
        read_torch(str(path))


def storage(key, count, kind=FLOATS):
    return b'(' + text('storage') + kind + text(key) + text('cpu') + number(count) + b'tQ'


@pytest.mark.parametrize('zipped', [True, False])
def test_no_storage_is_larger_than_the_file(zipped, tmp_path):
    write(tmp_path / 'a.pth', storage('0', 10**12), zipped)
    with pytest.raises(UnsafeFileError, match='larger than itself'):
        read_torch(str(tmp_path / 'a.pth'))


def test_nor_are_all_of_them_together(tmp_path):
    many = b'0'.join(storage(str(key), 1000) for key in range(99))
    write(tmp_path / 'a.pth', many + b'0' + text('x' * 4000), zipped=False)
    with pytest.raises(UnsafeFileError, match='larger than itself'):
        read_torch(str(tmp_path / 'a.pth'))


@pytest.mark.parametrize('zipped', [True, False])
def test_a_storage_has_one_form(zipped, tmp_path):
    write(
        tmp_path / 'a.pth',
        storage('0', 1) + b'0' + storage('0', 1, named('torch', 'IntStorage')),
        zipped,
    )
    with pytest.raises(UnsafeFileError, match='two forms'):
        read_torch(str(tmp_path / 'a.pth'))


def test_compressed_archives_are_refused(tmp_path):
    torch.save(torch.zeros(1000), tmp_path / 'a.pth')
    deflated = zipfile.ZipFile(tmp_path / 'b.pth', 'w', zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / 'a.pth') as stored, deflated as packed:
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    with pytest.raises(UnsafeFileError, match='compressed'):
        read_torch(str(tmp_path / 'b.pth'))


@needs_torch_2  # 1.13 writes such a view as what it is of
def test_views_that_torch_computes_are_refused(tmp_path):
    torch.save({'a': torch.tensor([1 + 2j]).conj()}, tmp_path / 'a.pth')
    with pytest.raises(UnsafeFileError, match='special view'):
        read_torch(str(tmp_path / 'a.pth'))
