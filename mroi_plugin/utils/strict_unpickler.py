"""Python's unpickler, which calls what a list of names allows and sets no attributes."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, ClassVar

Allowed = Mapping[tuple[str, str], Any]
MAX_KEY = 8
"""Parts of a key that is a tuple."""
SIZED = (str, bytes, bytearray, memoryview, list, tuple, dict, set, frozenset)
MAX_INT = 2**63
"""Keys that are numbers are smaller: others take as long to be hashed as they are long."""
COPIES, MARGIN = 16, 2**16
"""What is copied while a file is read is at most so many times as long as what was read of it."""


class UnsafeFileError(ValueError):
    """A pickle that asks for something its kind of file has no use for."""


def check_key(key: Any, depth: int = 2) -> None:
    """Refuse keys that take long to be hashed or compared: tuples of tuples of tuples, sets, and
    numbers of any length.

    Raises:
        UnsafeFileError: for such a key.
    """
    if isinstance(key, frozenset) or (type(key) is int and not -MAX_INT <= key < MAX_INT):
        raise UnsafeFileError('it has a key that is a set or a number without bound')
    if not isinstance(key, tuple):
        return
    if depth == 0 or len(key) > MAX_KEY:
        raise UnsafeFileError('it has a key of nested tuples')
    for part in key:
        check_key(part, depth - 1)


def listed(items: Any) -> list[Any]:
    """Items of a list or tuple, which can be keys.

    Raises:
        UnsafeFileError: for another container, or keys that `check_key` refuses.
    """
    if type(items) not in (list, tuple):
        raise UnsafeFileError(f'it makes a container of a {type(items).__name__}')
    for item in items:
        check_key(item)
    return list(items)


class StrictUnpickler(pickle._Unpickler):
    """Unpickler that knows the names of an allow list.

    Nothing is called that is not allowed, whatever else the pickle has come by; items are added to
    lists, sets and dictionaries alone; states are given to objects of allowed classes with a
    ``__setstate__`` of their own. What is named again and again is not copied as often.

    Args:
        file: open for reading, binary.
        allowed: what stands for each ``(module, name)``.
    """

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: BinaryIO, allowed: Allowed) -> None:
        super().__init__(file, encoding='latin1')
        self.allowed = allowed
        self._identities = {id(value) for value in allowed.values()}
        self._place, self._copied = file.tell, 0

    def charge(self, *copied: Any) -> None:
        """Count what is about to be copied.

        Raises:
            UnsafeFileError: if all of it is far longer than what was read.
        """
        self._copied += sum(len(value) for value in copied if isinstance(value, SIZED))
        if self._copied > COPIES * (self._place() + MARGIN):
            raise UnsafeFileError('it makes far more than it holds')

    def find_class(self, module: str, name: str) -> Any:
        """The allowed object of this name.

        Raises:
            UnsafeFileError: for any other name.
        """
        try:
            return self.allowed[module, name]
        except KeyError:
            raise UnsafeFileError(f'it asks for {module}.{name}') from None

    def load_build(self) -> None:
        """``BUILD``: gives an object its state."""
        state = self.stack.pop()
        self.set_state(self.stack[-1], state)

    def set_state(self, made: Any, state: Any) -> None:
        """Give a state to an object that is nothing of numpy.

        Raises:
            UnsafeFileError: if its class is not allowed, or takes none.
        """
        if not (self._is_allowed(type(made)) and hasattr(type(made), '__setstate__')):
            raise UnsafeFileError(f'it sets the state of a {type(made).__name__}')
        made.__setstate__(state)

    def _is_allowed(self, value: Any) -> bool:
        return id(value) in self._identities

    def _check_call(self, call: Any, arguments: Any, named: Any = None) -> None:
        if not self._is_allowed(call):
            raise UnsafeFileError(f'it calls a {type(call).__name__}')
        if type(arguments) not in (tuple, list) or type(named) not in (type(None), dict):
            raise UnsafeFileError(f'it calls with a {type(arguments).__name__} of arguments')
        self.charge(*arguments, *(named or {}).values())

    def load_reduce(self) -> None:
        """``REDUCE``: calls a function."""
        self._check_call(*self.stack[-2:])
        super().load_reduce()

    def load_newobj(self) -> None:
        """``NEWOBJ``: makes an object of a class."""
        self._check_call(*self.stack[-2:])
        super().load_newobj()

    def load_newobj_ex(self) -> None:
        """``NEWOBJ_EX``: likewise, with names of arguments."""
        self._check_call(*self.stack[-3:])
        super().load_newobj_ex()

    def _instantiate(self, klass: Any, args: Any) -> None:
        """``INST`` and ``OBJ``, those of pickle's protocols 0 and 1."""
        self._check_call(klass, args)
        super()._instantiate(klass, args)

    def _check_container(self, kind: type) -> None:
        """That items are added to this, and to nothing else with methods of the same names."""
        container = self.stack[-1]
        if not isinstance(container, kind):
            raise UnsafeFileError(f'it adds items to a {type(container).__name__}')

    def load_append(self) -> None:
        """``APPEND``: adds to a list."""
        value = self.stack.pop()
        self._check_container(list)
        self.stack[-1].append(value)

    def load_appends(self) -> None:
        """``APPENDS``: likewise, several."""
        items = self.pop_mark()
        self._check_container(list)
        self.stack[-1].extend(items)

    def load_additems(self) -> None:
        """``ADDITEMS``: adds to a set."""
        items = listed(self.pop_mark())
        self._check_container(set)
        self.stack[-1].update(items)

    def load_frozenset(self) -> None:
        """``FROZENSET``."""
        items = listed(self.pop_mark())
        self.append(frozenset(items))

    def load_setitem(self) -> None:
        """``SETITEM``: adds to a dictionary."""
        value, key = self.stack.pop(), self.stack.pop()
        self._add_pairs([key, value])

    def load_setitems(self) -> None:
        """``SETITEMS``: likewise, several."""
        self._add_pairs(self.pop_mark())

    def load_dict(self) -> None:
        """``DICT``: that of pickle's protocol 0."""
        items = self.pop_mark()
        self.append({})
        self._add_pairs(items)

    def _add_pairs(self, items: list[Any]) -> None:
        self._check_container(dict)
        keys = listed(items[::2])
        self.stack[-1].update(zip(keys, items[1::2]))

    def load_bytearray8(self) -> None:
        """``BYTEARRAY8``: pickle's own makes room for what is claimed before it reads it."""
        (size,) = struct.unpack('<Q', self.read(8))
        self.append(bytearray(self.read(size)))

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex
    dispatch[pickle.APPEND[0]] = load_append
    dispatch[pickle.APPENDS[0]] = load_appends
    dispatch[pickle.ADDITEMS[0]] = load_additems
    dispatch[pickle.FROZENSET[0]] = load_frozenset
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict
    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8
