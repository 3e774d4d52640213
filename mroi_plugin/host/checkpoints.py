"""Reading checkpoints of mmengine without executing anything in them, under any torch."""

from __future__ import annotations

import _codecs
import pickle
import zipfile
from collections import Counter
from functools import cache
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
import torch

SAFE_GLOBALS_SINCE = (2, 6)
"""torch from which ``weights_only`` is the default and can be told what else is harmless."""


def _history_method(owner: Any, name: str) -> Any:
    """Stands for ``getattr``, by which the statistics of a ``HistoryBuffer`` are pickled.

    Raises:
        ValueError: for anything but a public method of that class.
    """
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name.startswith('_'):
        raise ValueError(f'a checkpoint asks for {owner!r}.{name}; only HistoryBuffer is known')
    return getattr(owner, name)


@cache
def engine_globals() -> dict[str, Any]:
    """Exactly what mmengine's checkpoints hold beside tensors, by the name it is pickled under.

    That is its ``HistoryBuffer``, milestones of schedules, and what numpy arrays and scalars
    unpickle through, under the names of numpy 1.x and 2.x.
    """
    from mmengine.logging import HistoryBuffer

    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    found = {
        'mmengine.logging.history_buffer.HistoryBuffer': HistoryBuffer,
        'builtins.getattr': _history_method,
        '__builtin__.getattr': _history_method,  # as pickle's protocol 2 says it
        '_codecs.encode': _codecs.encode,
        'collections.Counter': Counter,
        'numpy.ndarray': np.ndarray,
        'numpy.dtype': np.dtype,
    }
    for core in ('core', '_core'):
        found[f'numpy.{core}.multiarray._reconstruct'] = reconstruct
        found[f'numpy.{core}.multiarray.scalar'] = scalar
    return found


def _dtype_classes() -> list[type]:
    """Classes of the numpy numbers that checkpoints hold; torch asks for them, pickle does not."""
    numbers = (np.float64, np.float32, np.int64, np.int32, np.bool_)
    return [type(np.dtype(number)) for number in numbers]


def _torch_version() -> tuple[int, ...]:
    return tuple(int(part) for part in torch.__version__.split('.')[:2])


def allow_engine_checkpoints() -> None:
    """Let ``torch.load`` read mmengine's checkpoints with ``weights_only=True``, its default since
    2.6.

    Older torch has no way to do so, nor that default: there, nothing happens.
    """
    if _torch_version() >= SAFE_GLOBALS_SINCE:
        named = [(value, name) for name, value in engine_globals().items()]
        torch.serialization.add_safe_globals([*named, *_dtype_classes()])


def read_safely(path: str | BinaryIO) -> Any:
    """Read a file of ``torch.save`` onto the CPU; what is neither plain data nor of mmengine's
    checkpoints is refused.

    Args:
        path: of the file, or the open file.

    Raises:
        pickle.UnpicklingError: if the file asks for anything else.
    """
    if _torch_version() >= SAFE_GLOBALS_SINCE:
        allow_engine_checkpoints()
        return torch.load(path, map_location='cpu', weights_only=True)
    if not zipfile.is_zipfile(path):  # plain tensors, in the format before torch 1.6
        return torch.load(path, map_location='cpu', weights_only=True)
    # There, weights_only cannot be told of HistoryBuffer, and 1.13 ignores load's pickle_module.
    with torch.serialization._open_zipfile_reader(path) as file:
        whitelisting = SimpleNamespace(Unpickler=_Unpickler)
        return torch.serialization._load(file, 'cpu', whitelisting, encoding='utf-8')


class _Unpickler(pickle.Unpickler):
    """Finds what torch's own safe unpickler knows and `engine_globals`, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        from torch._weights_only_unpickler import _get_allowed_globals

        allowed = {**_get_allowed_globals(), **engine_globals()}
        try:
            return allowed[f'{module}.{name}']
        except KeyError:
            raise pickle.UnpicklingError(
                f'it asks for {module}.{name}, which no checkpoint of mmengine holds.'
            ) from None
