"""Pickles of arrays, numbers and containers, read without trusting anything that they say.

Python's own unpickler hands numpy the type of an array as the file describes it, and numpy believes
it: a forged type makes pointers of the bytes of the file. Here types are made from their names
alone, and arrays from bytes of the very size.
"""

from __future__ import annotations

import mmap
import pickle
import struct
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar

import numpy as np

from mroi_plugin.utils import spilling
from mroi_plugin.utils.stored_arrays import (
    filled_array,
    make_array,
    ordered_type,
    plain_type,
)
from mroi_plugin.utils.strict_unpickler import Allowed, StrictUnpickler, UnsafeFileError, listed

LATIN1 = ('latin1', 'latin-1')


class Placeholder:
    """Stands for an object until it is given its state, of which another object is made."""

    def filled(self, state: Any) -> Any:
        """The object of a state."""
        raise NotImplementedError


class _ArrayName:
    """Stands for ``numpy.ndarray``, which names what is reconstructed and is never made."""

    def __new__(cls) -> _ArrayName:
        raise UnsafeFileError('it asks for an array of another kind')


def _latin1_bytes(text: Any, encoding: Any) -> bytes:
    """``_codecs.encode`` as arrays are pickled with: no other codec has a place there."""
    if type(text) is not str or type(encoding) is not str or encoding not in LATIN1:
        raise UnsafeFileError('it asks for another codec than latin1')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    """``bytes``, which pickle's protocols 0 to 2 call for empty ones."""
    return b''


def _reconstruct(owner: Any, shape: Any, _: Any) -> np.ndarray:
    """The empty array that `ArrayUnpickler` puts the real one in the place of."""
    if owner is not _ArrayName or shape != (0,):
        raise UnsafeFileError('it asks for an array of another kind')
    return np.empty(0)


def _scalar(dtype: np.dtype, content: Any = b'') -> Any:
    """A number or text of numpy."""
    return make_array((), dtype, False, content)[()]


def _from_buffer(
    content: Any, dtype: np.dtype, shape: Any, order: str, axes: Any = None
) -> np.ndarray:
    """An array of pickle's protocol 5, whose axes are in another order than in memory, if any."""
    array = make_array(shape, dtype, order == 'F', content)
    return array if axes is None else array.transpose(axes)


def _set(items: Any = ()) -> set[Any]:
    """``set``, as pickle's protocols 0 to 3 call it."""
    return set(listed(items))


def _is_pair(value: Any) -> bool:
    return type(value) in (list, tuple) and len(value) == 2


def dictionary_of(pairs: Any = ()) -> dict[Any, Any]:
    """``OrderedDict``, as Python 2 calls it."""
    if type(pairs) not in (list, tuple) or not all(map(_is_pair, pairs)):
        raise UnsafeFileError(f'it makes a dictionary of a {type(pairs).__name__}')
    return dict(zip(listed([key for key, _ in pairs]), [value for _, value in pairs]))


ARRAYS: Allowed = {
    **{
        (f'numpy.{core}.{module}', name): value
        for core in ('core', '_core')  # of numpy 1.x and 2.x
        for module, name, value in (
            ('multiarray', '_reconstruct', _reconstruct),
            ('multiarray', 'scalar', _scalar),
            ('numeric', '_frombuffer', _from_buffer),
        )
    },
    ('numpy', 'ndarray'): _ArrayName,
    ('numpy', 'dtype'): plain_type,
    ('_codecs', 'encode'): _latin1_bytes,
    **{(builtins, 'bytes'): _no_bytes for builtins in ('builtins', '__builtin__')},
}
"""What stands for numpy's functions and types here."""
PLAIN: Allowed = {
    **ARRAYS,
    **{(builtins, 'set'): _set for builtins in ('builtins', '__builtin__')},
    ('collections', 'OrderedDict'): dictionary_of,
}
"""Arrays, numbers and containers: all that annotations are made of."""


class ArrayUnpickler(StrictUnpickler):
    """A `StrictUnpickler` that makes arrays itself, and gives states to them, their types and
    placeholders too.

    Args:
        file: open for reading, binary.
        allowed: what stands for each ``(module, name)``.
        folder: where large arrays are unpacked into files without a name (`spilling.spill`) and
            mapped, those of pickle's protocols 3 and 4, with which numpy writes ``.npz``; None
            keeps them in memory.
    """

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(StrictUnpickler.dispatch)

    def __init__(self, file: BinaryIO, allowed: Allowed = PLAIN, folder: str | None = None) -> None:
        super().__init__(file, allowed)
        self.folder = folder
        self.memo = _Memo()
        self._spilled = 0

    def load(self) -> Any:
        """The content.

        Raises:
            UnsafeFileError: if it asks for anything that is not allowed.
            ValueError: if large bytes were spilled that are no array.
        """
        content = super().load()
        if self._spilled:
            raise ValueError('it holds large bytes that are no array')
        return content

    def _load_bytes(self, form: str) -> None:
        (size,) = struct.unpack(form, self.read(struct.calcsize(form)))
        if self.folder is None or size < spilling.SPILL:
            self.append(self.read(size))
            return
        self.append(spilling.spill(self.read, size, self.folder))
        self._spilled += 1

    def load_binbytes(self) -> None:
        """``BINBYTES``: up to 4 GiB."""
        self._load_bytes('<I')

    def load_binbytes8(self) -> None:
        """``BINBYTES8``: more."""
        self._load_bytes('<Q')

    def load_build(self) -> None:
        """``BUILD``: gives an object its state."""
        made, state = self.stack[-2:]
        del self.stack[-1]
        if isinstance(made, np.ndarray):
            self.charge(*(state if isinstance(state, tuple) else ()))
            self._replace(made, filled_array(state))
            self._spilled -= isinstance(state[-1], mmap.mmap)
        elif isinstance(made, np.dtype):
            self._replace(made, ordered_type(made, state))
        elif isinstance(made, Placeholder):
            self._replace(made, made.filled(state))
        else:
            self.set_state(made, state)

    def _replace(self, made: Any, value: Any) -> None:
        self.stack[-1] = value
        self.memo.replace(made, value)

    dispatch[pickle.BINBYTES[0]] = load_binbytes
    dispatch[pickle.BINBYTES8[0]] = load_binbytes8
    dispatch[pickle.BUILD[0]] = load_build


class _Memo(dict):
    """Objects that a pickle refers to again; knows the places of those that others replace."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[int, list[int]] = {}

    def __setitem__(self, place: int, value: Any) -> None:
        if isinstance(value, (np.ndarray, np.dtype, Placeholder)):
            self.places.setdefault(id(value), []).append(place)
        super().__setitem__(place, value)

    def replace(self, made: Any, value: Any) -> None:
        """Put another object wherever this one is."""
        for place in self.places.pop(id(made), ()):
            self[place] = value
