"""Arrays of a name, a shape and bytes, as pickles hold them, made without trusting any of these."""

from __future__ import annotations

import mmap
import re
from math import prod
from typing import Any

import numpy as np

from mroi_plugin.utils.strict_unpickler import UnsafeFileError

TYPE = re.compile(r'[<>=|]?[?A-Za-z][a-z]*_?\d{0,7}')
"""Names of types that are no structures, at most ten million characters long."""
MAX_AXES = 64
MAX_COUNT = 2**48
BYTES = (bytes, bytearray, mmap.mmap)
"""What holds the content of an array."""


def are_counts(values: tuple[Any, ...] | list[Any]) -> bool:
    """Whether they can be the sides of an array: few, whole, and none below 0."""
    whole = all(type(value) is int and 0 <= value < MAX_COUNT for value in values)
    return len(values) <= MAX_AXES and whole


def count_of(shape: Any) -> int:
    """Number of elements of a shape.

    Raises:
        ValueError: if it is none, or larger than any file.
    """
    if not (isinstance(shape, tuple) and are_counts(shape)):
        raise ValueError('an array has no shape')
    count = prod(shape)
    if count >= MAX_COUNT:
        raise ValueError('an array has more elements than a file can hold')
    return count


def plain_type(name: Any, *_: Any) -> np.dtype:
    """A type of numbers, texts or objects, by its name; never one that is in use elsewhere."""
    name = name.decode('latin1') if isinstance(name, bytes) else name
    if not isinstance(name, str) or not TYPE.fullmatch(name):
        raise UnsafeFileError('it asks for an array of structures')
    return np.dtype(np.dtype(name), copy=True)


def ordered_type(dtype: np.dtype, state: Any) -> np.dtype:
    """A type in the byte order of its state (version, order, subtype, names, fields, ...).

    Raises:
        UnsafeFileError: for a state that says anything else than its name does.
    """
    if not isinstance(state, tuple) or len(state) != 8 or state[2:5] != (None, None, None):
        raise UnsafeFileError('it asks for an array of structures or dates')
    return dtype if state[1] in ('|', '=') else dtype.newbyteorder(state[1])


def filled_array(state: Any) -> np.ndarray:
    """The array of a state (version, shape, type, whether in Fortran order, content).

    Raises:
        UnsafeFileError: if it is none.
        ValueError: if its content has another size.
    """
    if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[2], np.dtype):
        raise UnsafeFileError('it has an array of an unknown state')
    _, shape, dtype, fortran, content = state
    if not dtype.hasobject:
        return make_array(shape, dtype, bool(fortran), content)
    if not isinstance(content, list) or len(content) != count_of(shape):
        raise ValueError('an array of objects has another number of them')
    array = np.empty(len(content), object)
    for i, value in enumerate(content):
        if isinstance(value, np.ndarray) and value.dtype.hasobject:
            raise UnsafeFileError('it has an array of objects within another')
        array[i] = value
    array = array.reshape(shape)  # objects are listed in the order of C, whatever theirs was
    return np.asfortranarray(array) if fortran else array


def make_array(shape: Any, dtype: np.dtype, fortran: bool, content: Any) -> np.ndarray:
    """An array of numbers or texts over its bytes if these are mapped, else of its own, in the byte
    order of the machine.

    Raises:
        ValueError: if there are too many or too few.
    """
    content = content.encode('latin1') if isinstance(content, str) else content  # Python 2
    held = content.obj if isinstance(content, memoryview) else content
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(held, BYTES):
        raise UnsafeFileError('it has objects in the place of numbers')
    count = count_of(shape)
    size = dtype.itemsize * count
    if size != len(content) or (count > 1 and not dtype.itemsize):  # numpy would widen it
        raise ValueError(f'{len(content)} bytes for an array of {size}')
    order = 'F' if fortran else 'C'
    if not size:
        return np.zeros(shape, dtype, order)
    array = np.ndarray(shape, dtype, content, order=order)
    if isinstance(content, mmap.mmap):
        return array
    return array.astype(dtype.newbyteorder('='), order='K')
