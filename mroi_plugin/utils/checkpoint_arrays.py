"""Arrays and numbers of numpy in torch's checkpoints, of which nothing is taken on trust.

torch's reader for weights hands numpy the state of a type as the file has it, which numpy believes:
see `mroi_plugin.utils.array_pickles`, by whose rules they are made here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mroi_plugin.utils.array_pickles import (
    ARRAYS,
    Allowed,
    UnsafeFileError,
    array_functions,
    filled_array,
    make_array,
    ordered_type,
    plain_type,
)


class StoredType:
    """Stands for a type while a checkpoint is read."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.dtype = plain_type(name)
        if self.dtype.hasobject:
            raise UnsafeFileError('it asks for an array of objects')

    def __setstate__(self, state: Any) -> None:
        self.dtype = ordered_type(self.dtype, state)


class StoredArray(np.ndarray):
    """An array of a checkpoint, empty until it is given its state; pickled as numpy's own."""

    def __new__(cls) -> StoredArray:
        """The empty array."""
        return super().__new__(cls, (0,))

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise UnsafeFileError('it has an array of an unknown state')
        version, shape, dtype, fortran, content = state
        made = filled_array((version, shape, _type_of(dtype), fortran, content))
        super().__setstate__(made.__reduce__()[2])

    def __reduce_ex__(self, protocol: Any) -> Any:
        """As `numpy.ndarray`, so that what is read here can be saved for others."""
        return self.view(np.ndarray).__reduce_ex__(protocol)


def _type_of(stored: Any) -> np.dtype:
    if not isinstance(stored, StoredType):
        raise UnsafeFileError('it has an array of no type')
    return stored.dtype


def _reconstruct(owner: Any, shape: Any, _: Any) -> StoredArray:
    """The empty array that is given its state."""
    if owner is not ARRAYS['numpy', 'ndarray'] or shape != (0,):
        raise UnsafeFileError('it asks for an array of another kind')
    return StoredArray()


def _scalar(dtype: Any, content: Any = b'') -> Any:
    """A number or text."""
    return make_array((), _type_of(dtype), False, content)[()]


def _from_buffer(content: Any, dtype: Any, shape: Any, order: str, axes: Any = None) -> Any:
    """An array of pickle's protocol 5."""
    array = make_array(shape, _type_of(dtype), order == 'F', content)
    return array if axes is None else array.transpose(axes)


CHECKPOINT_ARRAYS: Allowed = {
    **ARRAYS,
    **array_functions(_reconstruct, _scalar, _from_buffer),
    ('numpy', 'dtype'): StoredType,
}
"""What stands for numpy's functions and types in checkpoints, by module and name."""
STATED = (StoredType, StoredArray)
"""Classes whose objects are given a state."""
