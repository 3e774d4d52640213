"""Arrays in one file: what was written is read, nothing half-written is, zeros take no room."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from mroi_plugin.datasets.mapped_arrays import (
    MappedArrays,
    MappedStrings,
    encode_strings,
    write_mapped,
)

SHAPES = {
    'a': ((5, 3), 'f4'),
    'b': ((7,), 'i8'),
    'zero': ((1_000_000, 100), None),
    'no': ((0,), 'u1'),
}


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / 'x.index')
    with write_mapped(path, SHAPES, {'k': 'v'}) as arrays:
        arrays['a'][:] = np.arange(15).reshape(5, 3)
        arrays['b'][:] = np.arange(7) - 3
    return path


def test_what_was_written_is_read(path):
    arrays = MappedArrays(path)
    assert arrays.info == {'k': 'v'} and list(arrays) == list(SHAPES)
    np.testing.assert_array_equal(arrays['a'], np.arange(15).reshape(5, 3))
    np.testing.assert_array_equal(arrays['b'], np.arange(7) - 3)
    assert arrays['no'].shape == (0,)


def test_zeros_take_no_room(path):
    zero = MappedArrays(path)['zero']
    assert zero.shape == (1_000_000, 100) and zero.dtype == np.float32 and not zero[::99_999].any()
    assert os.path.getsize(path) < 2_000


def test_nothing_can_be_written_through_the_map(path):
    with pytest.raises(ValueError, match='read-only'):
        MappedArrays(path)['a'][0] = 1


def test_pickled_it_is_the_path(path):
    pickled = pickle.dumps(MappedArrays(path))
    assert len(pickled) < 500
    np.testing.assert_array_equal(pickle.loads(pickled)['b'], np.arange(7) - 3)


def test_a_failed_writing_leaves_what_was_there(path):
    before = Path(path).read_bytes()
    with pytest.raises(RuntimeError), write_mapped(path, SHAPES, {}) as arrays:
        arrays['a'][:] = 9
        raise RuntimeError
    assert Path(path).read_bytes() == before
    assert os.listdir(os.path.dirname(path)) == ['x.index']


def test_who_has_it_mapped_keeps_it_when_it_is_replaced(path):
    old = MappedArrays(path)
    with write_mapped(path, {'a': ((5, 3), 'f4')}, {}) as arrays:
        arrays['a'][:] = 100
    assert old['a'][4, 2] == 14
    assert MappedArrays(path)['a'][4, 2] == 100


@pytest.mark.parametrize('keep', [0, 5, 20, 100, 300, -1])
def test_a_file_that_is_cut_off_is_refused(path, keep):
    content = Path(path).read_bytes()
    last = len(content) - 60  # the alignment pads the end
    Path(path).write_bytes(content[: last if keep < 0 else keep])
    with pytest.raises(ValueError, match=r'x\.index'):
        MappedArrays(path)


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04' * 99, b'MROI arrays 1\n' + b'\xff' * 99])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / 'y.index'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='y.index holds no mapped arrays'):
        MappedArrays(str(path))


def test_objects_are_never_read(path):
    """A header that says that there are Python objects in the file."""
    content = Path(path).read_bytes()
    Path(path).write_bytes(content.replace(b'"<i8"', b'"|O" '))
    with pytest.raises(ValueError, match='OBJECT|object'):
        MappedArrays(path)


def test_strings():
    names = ['a.jpg', '', 'ä/ö.png', 'z' * 1000]
    strings = MappedStrings(**encode_strings(names))
    assert list(strings) == names and strings[-1] == names[-1] and strings[1:3] == names[1:3]
    with pytest.raises(IndexError):
        strings[4]
