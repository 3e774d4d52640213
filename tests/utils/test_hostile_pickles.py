"""Small files that would take all memory, all time, or memory that is not theirs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from test_forged_torch_files import (
    BUFFER,
    DTYPE,
    call,
    named,
    number,
    several,
    storage,
    text,
    write,
)

from mroi_plugin.engine.checkpoints import read_checkpoint
from mroi_plugin.utils.array_pickles import UnsafeFileError
from mroi_plugin.utils.config_text import read_setting
from mroi_plugin.utils.state_dicts import plain_names
from mroi_plugin.utils.torch_files import read_torch

ENCODE = named('_codecs', 'encode')
LAUGHS = b']q\x00' + b''.join(b'0](h%ch%ceq%c' % (n, n, n + 1) for n in range(40))
"""A list of two lists of two lists ..., 2^40 in all."""
ONES = named('torch._utils', '_rebuild_tensor_v2')
STRIDE_0 = call(
    ONES, storage('0', 1), number(0), several(number(2**27)), several(number(0)), b'\x89', b'N'
)
NO_ROWS = call(
    BUFFER,
    named('builtins', 'bytes') + b')R',
    call(DTYPE, text('f8')),
    several(number(2**26), number(0)),
    text('C'),
)
LONG = text('a' * 10**5)
MANY = b'q\x01' + b'0'.join(b'%bh\x01X\x06\x00\x00\x00latin1\x86R' % ENCODE for _ in range(500))
TABLE = b'}(' + b''.join(b'M' + n.to_bytes(2, 'little') + b'N' for n in range(5000)) + b'u'
COUNTS = b'q\x01' + b'0'.join(named('collections', 'Counter') + b'h\x01\x85R' for _ in range(5000))
PROGRAMS = {
    'text of a codec': call(ENCODE, text('a'), LAUGHS),
    'name of an attribute': call(named('builtins', 'getattr'), named('torch', 'Size'), LAUGHS),
    'as many numbers as one is repeated': STRIDE_0,
    'arguments of an array': named('torch', 'Size') + NO_ROWS + b'R',
    'pairs of an array': call(named('collections', 'OrderedDict'), b']' + NO_ROWS + b'a'),
    'one text over and over': LONG + MANY,
    'one dictionary over and over': TABLE + COUNTS,
    'a key without bound': b'}' + number(2**200) + b'Ns',
    'a key that is a set': b'}(K\x01\x91Ns',
    'a number of a tensor': call(
        named('builtins', 'complex'),
        call(ONES, storage('0', 1), number(0), b')', b')', b'\x89', b'N'),
        number(1),
    ),
}


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('name', PROGRAMS)
def test_they_are_refused_at_once(name, zipped, tmp_path):
    write(tmp_path / 'a.pth', PROGRAMS[name], zipped)
    with pytest.raises((UnsafeFileError, ValueError)):
        read_torch(str(tmp_path / 'a.pth'))


KINDS = [x for x in ('quint4x2', 'quint2x4', 'quint8', 'qint8', 'qint32') if hasattr(torch, x)]


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('kind', KINDS)
def test_storages_are_of_numbers_that_fill_bytes(kind, zipped, tmp_path):
    """torch makes room for a half or a quarter of what it then says some of them have."""
    write(tmp_path / 'a.pth', storage('0', 1, named('torch', kind)), zipped)
    with pytest.raises(UnsafeFileError, match='unknown kind'):
        read_torch(str(tmp_path / 'a.pth'))


def test_keys_of_storages_are_texts(tmp_path):
    write(tmp_path / 'a.pth', storage('0', 1), zipped=False)
    content = (tmp_path / 'a.pth').read_bytes()
    end = content.rindex(b'\x80\x02]')
    (tmp_path / 'a.pth').write_bytes(content[:end] + b'\x80\x02' + LAUGHS + b'.' + content[end:])
    with pytest.raises(UnsafeFileError, match='does not hold'):
        read_torch(str(tmp_path / 'a.pth'))


def test_arrays_of_objects_are_not_nested(tmp_path):
    inner = np.empty(1, object)
    outer = np.empty(1, object)
    outer[0] = inner
    torch.save({'a': outer}, tmp_path / 'a.pth')
    with pytest.raises(UnsafeFileError, match='within another'):
        read_torch(str(tmp_path / 'a.pth'))


@pytest.mark.parametrize('name', ['S-1', 'U600000000', 'V-8', 'f8,f8', '(2,)f8'])
def test_types_are_of_a_size(name, tmp_path):
    write(tmp_path / 'a.pth', call(DTYPE, text(name)), zipped=True)
    with pytest.raises(UnsafeFileError, match='structures'):
        read_torch(str(tmp_path / 'a.pth'))


@pytest.mark.parametrize('value', [frozenset({1, 2}), [7, frozenset({'a'})], {'a': frozenset()}])
def test_frozen_sets_are_read(value, tmp_path):
    torch.save(value, tmp_path / 'a.pth', pickle_protocol=4)
    assert read_torch(str(tmp_path / 'a.pth')) == value


def test_what_is_long_is_read(tmp_path):
    """Many small tensors, arrays, texts and statistics: far more calls than any checkpoint has."""
    history = HistoryBuffer()
    for step in range(5000):
        history.update(float(step))
    content = {
        **{f'layer.{n}.weight': torch.ones(3) for n in range(3000)},
        'history': history,
        'scalars': [np.float64(n) for n in range(2000)],
        'arrays': [np.zeros((n % 5, 3)) for n in range(2000)],
        'states': [{('lr', n): {'a': [n] * 5}} for n in range(2000)],
    }
    torch.save(content, tmp_path / 'a.pth')
    read = read_torch(str(tmp_path / 'a.pth'))
    assert read.keys() == content.keys() and read['scalars'] == content['scalars']
    assert read['states'] == content['states'] and len(read['history'].data[0]) == 5000


@pytest.mark.parametrize(
    'value',
    ['1' + '+1' * 200_000, 'a' + '.b' * 200_000, 'not ' * 200_000 + 'a', '(' * 5000, '{[]: 1}'],
    ids=['sum', 'attributes', 'negations', 'brackets', 'key'],
)
def test_texts_of_configs_are_no_expressions_without_end(value):
    with pytest.raises(ValueError, match=r'no config|no literal|unhashable'):
        read_setting(f'model = {value}\n', 'model')


def test_names_of_weights_are_texts(tmp_path):
    torch.save({3: torch.ones(2)}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='a name of type int, expected tensors by name'):
        read_checkpoint(str(tmp_path / 'a.pth'))
    with pytest.raises(ValueError, match='no texts'):
        plain_names({3: torch.ones(2)})


def test_the_programs_are_small():
    assert all(len(program) < 3 * 10**5 for program in PROGRAMS.values())
