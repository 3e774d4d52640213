"""Files of ``torch.save``, read by an allow list: tensors, plain data and arrays, and what
mmengine's checkpoints hold beside them.

torch's own ``weights_only`` can be told of further names, but then trusts them: it gives objects of
these classes any state, so that a file may set attributes of them and forge types of numpy. Here
the same files are read under every torch by `ArrayUnpickler`, which does neither.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import Counter, OrderedDict
from typing import Any, BinaryIO, ClassVar

import numpy as np
import torch

from mroi_plugin.utils.array_pickles import PLAIN, ArrayUnpickler, Placeholder, dictionary_of
from mroi_plugin.utils.stored_arrays import are_counts
from mroi_plugin.utils.strict_unpickler import Allowed, UnsafeFileError, listed

ZIP = b'PK\x03\x04'
"""Begins the files of torch 1.6 and later."""
QUANTIZED = (torch.qint8, torch.quint8, torch.qint32, torch.quint4x2, torch.quint2x4)
STATISTICS = ('min', 'max', 'mean', 'current')
"""Methods by which mmengine's ``HistoryBuffer`` is pickled."""


def _tensor(
    storage: Any, offset: Any, size: Any, stride: Any, grad: Any = False, _: Any = None, *more: Any
) -> torch.Tensor:
    """A tensor within a storage, which torch would let grow; hooks are left out."""
    if not isinstance(storage, torch.storage.TypedStorage) or storage.dtype in QUANTIZED:
        raise UnsafeFileError('it has a tensor over something else than a storage of numbers')
    if any(more):  # views that conjugate or negate
        raise UnsafeFileError('it has a tensor of a special view')
    size, stride = _integers(size), _integers(stride)
    (start,) = _integers((offset,))
    if len(size) != len(stride):
        raise UnsafeFileError('it has a tensor with other strides than axes')
    last = start + sum((n - 1) * step for n, step in zip(size, stride))
    held = getattr(storage, '_size', storage.size)()  # the other one warns from torch 2.0 on
    if 0 not in size and last >= held:
        raise UnsafeFileError('it has a tensor beyond its storage')
    tensor = torch._utils._rebuild_tensor(storage, start, size, stride)
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
        raise UnsafeFileError(f'it asks for the attribute {name!r}')


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
        for name, value in (('getattr', _statistics_method), ('complex', complex))
    },
}
"""What a checkpoint may call, and what stands for it here."""
TOKENS: Allowed = {
    **{('torch', name): x for name, x in vars(torch).items() if isinstance(x, torch.dtype)},
    ('torch.storage', 'UntypedStorage'): getattr(torch, 'UntypedStorage', None),
    ('torch', 'Tensor'): torch.Tensor,
    ('torch.nn.parameter', 'Parameter'): torch.nn.Parameter,
}
"""What it may name and never calls."""


class CheckpointUnpickler(ArrayUnpickler):
    """Reads what ``torch.save`` pickles; torch adds to it how storages are found.

    Args:
        file: open for reading, binary.

    Attributes:
        named: keys of the storages that were asked for, by all unpicklers of the class.
    """

    named: ClassVar[set[str]]
    dispatch: ClassVar[dict[int, Any]] = dict(ArrayUnpickler.dispatch)

    def __init__(self, file: BinaryIO, **_: Any) -> None:
        super().__init__(file, CHECKPOINT)

    def load_binpersid(self) -> None:
        """``BINPERSID``: asks for a storage ('storage', type, key, device, number of elements), in
        old files with a view of it, of which none is left."""
        found = self.stack[-1]
        known = isinstance(found, tuple) and len(found) in (5, 6) and found[0] == 'storage'
        if not known or found[5:] not in ((), (None,)) or not all(map(_is_text, found[2:4])):
            raise UnsafeFileError('it asks for something else than a storage')
        _integers((found[4],))
        self.named.add(found[2])
        super().load_binpersid()

    dispatch[pickle.BINPERSID[0]] = load_binpersid

    def find_class(self, module: str, name: str) -> Any:
        """See `ArrayUnpickler.find_class`."""
        return TOKENS.get((module, name)) or super().find_class(module, name)

    def set_state(self, made: Any, state: Any) -> None:
        """Of state dicts, the versions of their modules are kept."""
        if type(made) is not OrderedDict:
            super().set_state(made, state)
        elif isinstance(state, dict) and isinstance(state.get('_metadata'), dict):
            made._metadata = state['_metadata']


def _is_text(value: Any) -> bool:
    return type(value) is str


class _Pickle:
    """In the place of the module ``pickle``, for one file.

    Attributes:
        Unpickler: class of its unpicklers.
        loaded: what was read outside of them; of old files the last are the keys of the storages
            that follow.
    """

    def __init__(self) -> None:
        self.Unpickler = type('Unpickler', (CheckpointUnpickler,), {'named': set()})
        self.loaded: list[Any] = []

    def load(self, file: BinaryIO, **_: Any) -> Any:
        """See `pickle.load`."""
        self.loaded.append(self.Unpickler(file).load())
        return self.loaded[-1]


def read_torch(file: Any) -> Any:
    """Content of a file of ``torch.save``, tensors on the CPU.

    Args:
        file: its path, or the file, open for reading as bytes.

    Raises:
        UnsafeFileError: if it asks for anything but plain data and what mmengine's checkpoints
            hold.
        Exception: what torch and pickles raise of damaged files.
    """
    if not hasattr(file, 'read'):
        with open(file, 'rb') as opened:
            return read_torch(opened)
    zipped = file.read(len(ZIP)) == ZIP
    file.seek(0)
    if not zipped:
        return _read_old(file)
    with zipfile.ZipFile(file) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise UnsafeFileError('it is a compressed archive, which torch does not write')
    file.seek(0)
    with torch.serialization._open_zipfile_reader(file) as records:
        return torch.serialization._load(records, 'cpu', _Pickle(), encoding='utf-8')


def _read_old(file: BinaryIO) -> Any:
    """The format before torch 1.6, from memory: of files, torch tries to unpack archives of tar."""
    reader = _Pickle()
    content = torch.serialization._legacy_load(
        io.BytesIO(file.read()), 'cpu', reader, encoding='utf-8'
    )
    if not reader.Unpickler.named <= set(listed(reader.loaded[-1])):
        raise UnsafeFileError('it names a storage that it does not hold')
    return content
