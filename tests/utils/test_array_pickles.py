"""Arrays of pickles are what was pickled, and nothing that a forged file makes of them."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from mroi_plugin.utils.array_pickles import ArrayUnpickler, UnsafeFileError
from mroi_plugin.utils.safe_unpickling import read_pickle

NUMBERS = np.random.default_rng(0).normal(size=(4, 3, 2))
VALUES = {
    'floats': NUMBERS,
    'halves': NUMBERS.astype('f2'),
    'Fortran': np.asfortranarray(NUMBERS),
    'turned': NUMBERS.transpose(1, 0, 2),
    'strided': NUMBERS[::2],
    'big-endian': NUMBERS.astype('>f8'),
    'texts': np.array([['a', 'longer'], ['', 'ä']]),
    'big-endian texts': np.array(['a', 'bc'], '>U2'),
    'bytes': np.array([b'a', b'bc']),
    'truths': np.array([True, False]),
    'complex': NUMBERS + 1j,
    'scalar': np.array(3.5),
    'none': np.zeros((0, 3)),
    'objects': np.array([[None, 'a'], [1, [2, 3]]], dtype=object),
    'objects in columns': np.asfortranarray(np.array([[None, 'a'], [1, 2]], dtype=object)),
    'number': np.float32(1.5),
    'big-endian number': np.array([7], '>i4')[0],
    'text': np.str_('abc'),
    'empty text': np.str_(''),
    'plain': {'a': [1, 2.5, None, True, 'x'], (1, 2): {3, 4}, 'b': OrderedDict(z=b'bytes')},
}


def read(content):
    return ArrayUnpickler(io.BytesIO(content)).load()


@pytest.mark.parametrize('protocol', range(6))
@pytest.mark.parametrize('name', VALUES)
def test_what_is_read_is_what_was_pickled(name, protocol):
    value = VALUES[name]
    again, twice, listed = read(pickle.dumps([value, value, [value]], protocol))
    assert again is twice and listed[0] is again
    if isinstance(value, np.ndarray):
        assert type(again) is np.ndarray and again.dtype == value.dtype.newbyteorder('=')
        assert again.shape == value.shape
        assert again.flags.writeable or protocol == 5
    np.testing.assert_equal(again, value)


class Forged:
    """Pickles as a call and a state."""

    def __init__(self, call, arguments, state=None):
        self.reduced = (call, arguments) if state is None else (call, arguments, state)

    def __reduce__(self):
        return self.reduced


RECONSTRUCT, EMPTY = np.zeros(1).__reduce__()[:2]
SCALAR = np.float64(0).__reduce__()[0]
POINTERS = (3, '|', None, ('a',), {'a': (np.dtype('O'), 0)}, 8, 8, 0)
BEYOND = (3, '|', None, ('a',), {'a': (np.dtype('f8'), 10**6)}, 8, 8, 0)


def forged_type(name='V8', state=POINTERS):
    return Forged(np.dtype, (name, False, True), state)


def array(shape, dtype, content, arguments=EMPTY):
    return Forged(RECONSTRUCT, arguments, (1, shape, dtype, False, content))


FORGED = {
    'pointers made of bytes': (array((4,), forged_type(), b'A' * 32), 'array of structures'),
    'fields beyond the bytes': (array((1,), forged_type(state=BEYOND), bytes(8)), 'structures'),
    'a scalar of pointers': (Forged(SCALAR, (forged_type(), b'A' * 8)), 'array of structures'),
    'a key of pointers': ({'a': Forged(SCALAR, (forged_type(), b'A' * 8))}, 'structures'),
    'objects that claim to be none': (
        array((1,), forged_type('O', (3, '|', None, None, None, -1, -1, 0)), b'A' * 8),
        'no 1 objects',
    ),
    'structures by name': (array((1,), Forged(np.dtype, ([('a', 'O')],)), bytes(8)), 'structures'),
    'structures by a text': (array((1,), Forged(np.dtype, ('O,f8',)), bytes(16)), 'structures'),
    'too few bytes': (array((9,), np.dtype('f8'), bytes(8)), '8 bytes for an array of 72'),
    'too many bytes': (array((1,), np.dtype('f8'), bytes(16)), '16 bytes for an array of 8'),
    'negative shape': (array((-1,), np.dtype('f8'), bytes(8)), '8 bytes for an array of -8'),
    'two negative sides': (array((-1, -1), np.dtype('f8'), bytes(8)), 'negative'),
    'larger type than named': (
        array((1,), forged_type('S8', (3, '|', None, None, None, 800, 1, 0)), bytes(800)),
        '800 bytes for an array of 8',
    ),
    'array that is not empty': (
        array((1,), np.dtype('f8'), bytes(8), (np.ndarray, (9,), b'b')),
        'array of another kind',
    ),
    'array of another class': (
        Forged(RECONSTRUCT, (dict, (0,), b'b')),
        'asks for builtins.dict|asks for __builtin__.dict',
    ),
    'array over the memory of another': (Forged(np.ndarray, ((1,), 'f8', bytes(8))), ''),
    'state of a class': (Forged(set, (), {'a': 1}), 'sets the state of a set'),
    'no state at all': (Forged(RECONSTRUCT, EMPTY, (1, 2)), 'unknown state'),
    'type that is no type': (array((1,), 'f8', bytes(8)), 'unknown state'),
}


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
@pytest.mark.parametrize('name', FORGED)
def test_forged_arrays_are_refused(name, protocol):
    value, said = FORGED[name]
    with pytest.raises((UnsafeFileError, ValueError, TypeError), match=said):
        read(pickle.dumps(value, protocol))


def test_damaged_pickles_are_read_or_refused(tmp_path):
    """600 of them, with some bytes changed or their end cut off."""
    content = pickle.dumps(VALUES, 2), pickle.dumps(VALUES, 4)
    rng, path, refused = np.random.default_rng(0), tmp_path / 'a.pkl', 0
    for i in range(600):
        damaged = bytearray(content[i % 2])
        for place in rng.integers(len(damaged), size=rng.integers(1, 6)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(1, len(damaged))] if i % 3 == 0 else damaged)
        try:
            read_pickle(str(path))
        except ValueError as error:
            refused += 1
            assert 'a.pkl is damaged (' in str(error) or 'a.pkl is refused: it ' in str(error)
    assert 200 < refused < 600
