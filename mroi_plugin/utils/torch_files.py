"""Files of ``torch.save``, read by an allow list: tensors, plain data and arrays, and what
mmengine's checkpoints hold beside them.

torch's own ``weights_only`` can be told of further names, but then trusts them: it gives objects of
these classes any state, so that a file may set attributes of them and forge types of numpy. Here
the same files are read under every torch by `ArrayUnpickler`, which does neither.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
import torch

from mroi_plugin.utils.array_pickles import (
    PLAIN,
    Allowed,
    ArrayUnpickler,
    Placeholder,
    UnsafeFileError,
)

ZIP = b'PK\x03\x04'
"""Begins the files of torch 1.6 and later."""
STATISTICS = ('min', 'max', 'mean', 'current')
"""Methods by which mmengine's ``HistoryBuffer`` is pickled."""


def _tensor(storage: Any, offset: int, size: Any, stride: Any, *_: Any) -> torch.Tensor:
    """A tensor over a storage, whose bounds torch checks; hooks and metadata are left out."""
    if not isinstance(storage, torch.storage.TypedStorage):
        raise UnsafeFileError('it has a tensor over something else than a storage')
    return torch._utils._rebuild_tensor(storage, offset, size, stride)


def _parameter(data: Any, requires_grad: Any = True, *_: Any) -> torch.nn.Parameter:
    """A parameter, without its hooks and attributes."""
    return torch.nn.Parameter(data, bool(requires_grad))


def _without_attributes(rebuild: Any, _: Any, arguments: Any, *__: Any) -> torch.Tensor:
    """A tensor with attributes of its own, or of a subclass, as a plain one."""
    if rebuild not in (_tensor, _parameter):
        raise UnsafeFileError('it has a tensor of an unknown kind')
    return rebuild(*arguments)


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
    ('collections', 'OrderedDict'): OrderedDict,
    ('collections', 'Counter'): Counter,  # milestones of schedules
    ('torch._utils', '_rebuild_tensor'): _tensor,
    ('torch._utils', '_rebuild_tensor_v2'): _tensor,
    ('torch._utils', '_rebuild_parameter'): _parameter,
    ('torch._utils', '_rebuild_parameter_with_state'): _parameter,
    ('torch._tensor', '_rebuild_from_type_v2'): _without_attributes,
    ('torch', 'Size'): torch.Size,
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
    """

    def __init__(self, file: BinaryIO, **_: Any) -> None:
        super().__init__(file, CHECKPOINT)

    def find_class(self, module: str, name: str) -> Any:
        """See `ArrayUnpickler.find_class`."""
        return TOKENS.get((module, name)) or super().find_class(module, name)

    def set_state(self, made: Any, state: Any) -> None:
        """Of state dicts, the versions of their modules are kept."""
        if type(made) is not OrderedDict:
            super().set_state(made, state)
        elif isinstance(state, dict) and '_metadata' in state:
            made._metadata = state['_metadata']


def _load(file: BinaryIO, **_: Any) -> Any:
    return CheckpointUnpickler(file).load()


PICKLE = SimpleNamespace(Unpickler=CheckpointUnpickler, load=_load)
"""In the place of the module ``pickle``."""


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
        return torch.serialization._legacy_load(file, 'cpu', PICKLE, encoding='utf-8')
    with torch.serialization._open_zipfile_reader(file) as records:
        return torch.serialization._load(records, 'cpu', PICKLE, encoding='utf-8')
