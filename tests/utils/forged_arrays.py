"""Arrays as files hold them, sound and forged."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

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
BARE = Forged(np.dtype, ('O',))
"""The type of objects, without the state that numpy gives it."""
POINTERS_IN_NUMBERS = (3, '|', None, ('a',), {'a': (BARE, 0)}, 8, 8, 0)
OBJECTS_IN_NUMBERS = (3, '|', (BARE, (1,)), None, None, 8, 8, 0)


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
        'another number',
    ),
    'structures by name': (array((1,), Forged(np.dtype, ([('a', 'O')],)), bytes(8)), 'structures'),
    'structures by a text': (array((1,), Forged(np.dtype, ('O,f8',)), bytes(16)), 'structures'),
    'too few bytes': (array((9,), np.dtype('f8'), bytes(8)), '8 bytes for an array of 72'),
    'too many bytes': (array((1,), np.dtype('f8'), bytes(16)), '16 bytes for an array of 8'),
    'negative shape': (array((-1,), np.dtype('f8'), bytes(8)), 'has no shape'),
    'two negative sides': (array((-1, -1), np.dtype('f8'), bytes(8)), 'has no shape'),
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
    'pointers made of numbers': (
        array((1,), forged_type('f8', POINTERS_IN_NUMBERS), b'A' * 8),
        'array of (structures|objects)',
    ),
    'objects made of numbers': (
        array((1,), forged_type('f8', OBJECTS_IN_NUMBERS), b'A' * 8),
        'array of (structures|objects)',
    ),
    'a number of objects': (
        Forged(SCALAR, (forged_type('f8', OBJECTS_IN_NUMBERS), b'A' * 8)),
        'array of (structures|objects)',
    ),
    'no state at all': (Forged(RECONSTRUCT, EMPTY, (1, 2)), 'unknown state'),
    'type that is no type': (array((1,), 'f8', bytes(8)), 'unknown state'),
}
