"""Files of ``torch.save``, read by an allow list: tensors, plain data and arrays, and what
mmengine's checkpoints hold beside them.

torch's own ``weights_only`` can be told of further names, but then trusts them: it gives objects of
these classes any state, so that a file may set attributes of them and forge types of numpy; and
older releases read beyond the end of storages. Here the same files are read under every torch by
`ArrayUnpickler` and `Storages`, which do none of it.
"""

from __future__ import annotations

import os
import zipfile
from collections import Counter, OrderedDict
from math import prod
from typing import Any, BinaryIO

import numpy as np
import torch

from mroi_plugin.utils.array_pickles import PLAIN, ArrayUnpickler, Placeholder, dictionary_of
from mroi_plugin.utils.stored_arrays import are_counts
from mroi_plugin.utils.strict_unpickler import Allowed, StrictUnpickler, UnsafeFileError, listed
from mroi_plugin.utils.torch_storages import KINDS, Storages, ZipStorages, fill_in_order

ZIP = b'PK\x03\x04'
"""Begins the files of torch 1.6 and later."""
OLD = 0x1950A86A20F9469CFC6C
"""Is the first number of those before."""
EXPANDED = 64
"""Numbers of a tensor that repeats those of its storage, for each of these."""
STATISTICS = ('min', 'max', 'mean', 'current')
"""Methods by which mmengine's ``HistoryBuffer`` is pickled."""


class _Storage:
    """Stands for a storage, which is nothing but what tensors are made over."""

    def __init__(self, flat: torch.Tensor) -> None:
        self.flat = flat


def _tensor(
    storage: Any, offset: Any, size: Any, stride: Any, grad: Any = False, _: Any = None, *more: Any
) -> torch.Tensor:
    """A tensor within a storage, which torch would let grow; hooks are left out."""
    if type(storage) is not _Storage:
        raise UnsafeFileError('it has a tensor over something else than a storage of numbers')
    if any(more):  # views that conjugate or negate
        raise UnsafeFileError('it has a tensor of a special view')
    size, stride = _integers(size), _integers(stride)
    (start,) = _integers((offset,))
    if len(size) != len(stride):
        raise UnsafeFileError('it has a tensor with other strides than axes')
    last = start + sum((n - 1) * step for n, step in zip(size, stride))
    if 0 not in size and last >= len(storage.flat):
        raise UnsafeFileError('it has a tensor beyond its storage')
    if prod(size) > max(EXPANDED * len(storage.flat), EXPANDED**2):
        raise UnsafeFileError('it has a tensor that is far larger than its storage')
    tensor = torch.empty(0, dtype=storage.flat.dtype).set_(storage.flat, start, size, stride)
    return tensor.requires_grad_() if grad is True else tensor


def _integers(values: Any) -> tuple[int, ...]:
    if not (isinstance(values, (tuple, list)) and are_counts(values)):
        raise UnsafeFileError('it has a tensor of no size')
    return tuple(values)


def _size(values: Any = ()) -> torch.Size:
    return torch.Size(_integers(values))


def _parameter(data: Any, requires_grad: Any = True, *_: Any) -> torch.nn.Parameter:
    """A parameter, without its hooks and attributes."""
    if not isinstance(data, torch.Tensor):
        raise UnsafeFileError('it has a parameter of no tensor')
    return torch.nn.Parameter(data, bool(requires_grad))


def _without_attributes(rebuild: Any, _: Any, arguments: Any, *__: Any) -> torch.Tensor:
    """A tensor with attributes of its own, or of a subclass, as a plain one."""
    if rebuild not in (_tensor, _parameter) or type(arguments) is not tuple:
        raise UnsafeFileError('it has a tensor of an unknown kind')
    return rebuild(*arguments)


def _counter(counts: Any = None) -> Counter[Any]:
    """Milestones of schedules."""
    if type(counts) not in (dict, OrderedDict):
        raise UnsafeFileError('it counts something else than the entries of a dictionary')
    return Counter(counts)


def _ordered(pairs: Any = ()) -> OrderedDict[Any, Any]:
    """A state dict, empty: its entries follow."""
    return OrderedDict(dictionary_of(pairs))


class _History(Placeholder):
    """Stands for mmengine's ``HistoryBuffer``, whose own state would change the class."""

    def filled(self, state: Any) -> Any:
        """The buffer of a state."""
        from mmengine.logging import HistoryBuffer

        state = state if isinstance(state, dict) else {}
        values = [state.get(f'_{name}_history') for name in ('log', 'count')]
        length = state.get('max_length')
        if not (all(isinstance(x, np.ndarray) for x in values) and isinstance(length, int)):
            raise UnsafeFileError('it has a HistoryBuffer of an unknown state')
        buffer = HistoryBuffer(max_length=length)
        buffer._log_history, buffer._count_history = values
        return buffer


def _statistics_method(owner: Any, name: Any) -> None:
    """Stands for ``getattr``, by which the statistics of a ``HistoryBuffer`` are pickled; it has
    them anyway.

    Raises:
        UnsafeFileError: for anything else.
    """
    if owner is not _History or name not in STATISTICS:
        raise UnsafeFileError('it asks for an attribute')


def _complex(real: Any, imaginary: Any) -> complex:
    """A number of two numbers."""
    if type(real) is not float or type(imaginary) is not float:
        raise UnsafeFileError('it makes a number of something else')
    return complex(real, imaginary)


CHECKPOINT: Allowed = {
    **PLAIN,
    ('collections', 'OrderedDict'): _ordered,
    ('collections', 'Counter'): _counter,
    ('torch._utils', '_rebuild_tensor'): _tensor,
    ('torch._utils', '_rebuild_tensor_v2'): _tensor,
    ('torch._utils', '_rebuild_parameter'): _parameter,
    ('torch._utils', '_rebuild_parameter_with_state'): _parameter,
    ('torch._tensor', '_rebuild_from_type_v2'): _without_attributes,
    ('torch', 'Size'): _size,
    ('torch', 'device'): torch.device,
    ('mmengine.logging.history_buffer', 'HistoryBuffer'): _History,
    **{
        (builtins, name): value
        for builtins in ('builtins', '__builtin__')
        for name, value in (('getattr', _statistics_method), ('complex', _complex))
    },
}
"""What a checkpoint may call, and what stands for it here."""
TOKENS: Allowed = {
    **{('torch', name): x for name, x in vars(torch).items() if isinstance(x, torch.dtype)},
    **{('torch', name): x for name, x in KINDS.items()},
    ('torch', 'Tensor'): torch.Tensor,
    ('torch.nn.parameter', 'Parameter'): torch.nn.Parameter,
}
"""What it may name and never calls."""


class CheckpointUnpickler(ArrayUnpickler):
    """Reads what ``torch.save`` pickles.

    Args:
        file: open for reading, binary.
        storages: where storages are found.
    """

    def __init__(self, file: BinaryIO, storages: Storages) -> None:
        super().__init__(file, CHECKPOINT)
        self.storages = storages

    def persistent_load(self, asked: Any) -> _Storage:
        """The storage of ('storage', kind, key, device, number of elements), in old files with a
        view of it, of which none is left."""
        if not (isinstance(asked, tuple) and len(asked) in (5, 6) and _is('storage', asked[0])):
            raise UnsafeFileError('it asks for something else than a storage')
        dtype, key, _, count, *view = asked[1:]
        known = isinstance(dtype, torch.dtype) and dtype in KINDS.values() and type(key) is str
        if not known or any(part is not None for part in view):
            raise UnsafeFileError('it asks for a storage of an unknown kind')
        return _Storage(self.storages.of(key, dtype, *_integers((count,))))

    def find_class(self, module: str, name: str) -> Any:
        """See `ArrayUnpickler.find_class`."""
        return TOKENS.get((module, name)) or super().find_class(module, name)

    def set_state(self, made: Any, state: Any) -> None:
        """Of state dicts, the versions of their modules are kept."""
        if type(made) is not OrderedDict:
            super().set_state(made, state)
        elif isinstance(state, dict) and isinstance(state.get('_metadata'), dict):
            made._metadata = state['_metadata']


def _is(text: str, value: Any) -> bool:
    return type(value) is str and value == text


def read_torch(file: Any) -> Any:
    """Content of a file of ``torch.save``, tensors on the CPU.

    Args:
        file: its path, or the file, open for reading as bytes.

    Raises:
        UnsafeFileError: if it asks for anything but plain data and what mmengine's checkpoints
            hold, or for more than it has.
        Exception: what archives and pickles raise of damaged files.
    """
    if not hasattr(file, 'read'):
        with open(file, 'rb') as opened:
            return read_torch(opened)
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    zipped = file.read(len(ZIP)) == ZIP
    file.seek(0)
    if not zipped:
        return _read_old(file, length)
    with zipfile.ZipFile(file) as archive:
        storages = ZipStorages(archive, length)
        return CheckpointUnpickler(storages.pickle(), storages).load()


def _read_old(file: BinaryIO, length: int) -> Any:
    """The format before torch 1.6: numbers, the content, keys of its storages, and these."""
    begin, *_ = (StrictUnpickler(file, {}).load() for _ in range(3))
    if begin != OLD:
        raise UnsafeFileError('it is no file of torch.save')
    storages = Storages(length)
    content = CheckpointUnpickler(file, storages).load()
    fill_in_order(storages, listed(StrictUnpickler(file, {}).load()), file)
    return content
