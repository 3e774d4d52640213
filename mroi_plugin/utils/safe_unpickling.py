"""Pickles read by an allow list: arrays, numbers and containers, and nothing that runs.

Three kinds of file hold pickles: HumanData ``.npz`` and 3DPW ``.pkl`` files, the official SMPL
``.pkl`` files, and what ``torch.save`` writes. All are read here.
"""

from __future__ import annotations

import pickle
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any, BinaryIO

from mroi_plugin.utils.array_pickles import PLAIN, Allowed, ArrayUnpickler, UnsafeFileError
from mroi_plugin.utils.checkpoint_arrays import CHECKPOINT_ARRAYS, STATED

SAFE_GLOBALS_SINCE = (2, 6)
"""torch from which ``weights_only`` is the default and can be told what else is harmless."""


def read_pickle(path: str, allowed: Allowed = PLAIN) -> Any:
    """Content of a ``.pkl``, one of Python 2 too.

    Raises:
        UnsafeFileError: if it asks for anything that is not allowed.
        ValueError: if it is damaged.
    """
    try:
        with open(path, 'rb') as file:
            return ArrayUnpickler(file, allowed).load()
    except UnsafeFileError as error:
        raise refusal(path, error) from None
    except OSError:
        raise
    except Exception as error:  # of an unpickler on damaged bytes, whose errors are many
        raise ValueError(f'{path} is damaged ({type(error).__name__}: {error}).') from error


def refusal(path: str, error: Exception) -> UnsafeFileError:
    """The error of a file that asks for what its kind has no use for."""
    return UnsafeFileError(
        f'{path} is refused: {error}, which no file of this kind needs. Get it from its official '
        'source.'
    )


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
def checkpoint_globals() -> dict[str, Any]:
    """Exactly what mmengine's checkpoints hold beside tensors, by the name it is pickled under:
    its ``HistoryBuffer``, milestones of schedules, arrays and numbers of numpy."""
    from mmengine.logging import HistoryBuffer

    return {
        **{f'{module}.{name}': value for (module, name), value in CHECKPOINT_ARRAYS.items()},
        'mmengine.logging.history_buffer.HistoryBuffer': HistoryBuffer,
        'builtins.getattr': _history_method,
        '__builtin__.getattr': _history_method,  # the name in pickle's protocol 2
        'collections.Counter': Counter,
    }


def torch_version() -> tuple[int, ...]:
    """Major and minor version of torch."""
    import torch

    return tuple(int(part) for part in torch.__version__.split('.')[:2])


_LOCK = threading.Lock()
_depth = 0
_added: list[Any] = []


@contextmanager
def checkpoint_globals_allowed() -> Iterator[None]:
    """Within, ``torch.load(weights_only=True)`` knows `checkpoint_globals`; not afterwards.

    torch before 2.6 has no way to be told so: there, nothing happens.
    """
    if torch_version() < SAFE_GLOBALS_SINCE:
        yield
        return
    import torch

    global _depth
    with _LOCK:
        if _depth == 0:
            _added[:] = allow_checkpoint_globals()
        _depth += 1
    try:
        yield
    finally:
        with _LOCK:
            _depth -= 1
            if _depth == 0:
                known = torch.serialization.get_safe_globals()
                torch.serialization.clear_safe_globals()
                torch.serialization.add_safe_globals([g for g in known if g not in _added])


def allow_checkpoint_globals() -> list[Any]:
    """Have ``torch.load(weights_only=True)`` know `checkpoint_globals` from now on.

    Returns:
        What it did not know before; nothing before torch 2.6.
    """
    if torch_version() < SAFE_GLOBALS_SINCE:
        return []
    import torch

    named = [(value, name) for name, value in checkpoint_globals().items()]
    known = torch.serialization.get_safe_globals()
    new = [g for g in (*named, *STATED) if g not in known]
    torch.serialization.add_safe_globals(new)
    return new


def read_torch(path: str | BinaryIO) -> Any:
    """Content of a file of ``torch.save``, tensors on the CPU.

    Args:
        path: of the file, or the open file.

    Raises:
        pickle.UnpicklingError: if it asks for anything but plain data and what mmengine's
            checkpoints hold.
    """
    import torch

    # Before 2.6, weights_only cannot be told of HistoryBuffer, and 1.13 ignores pickle_module.
    # Files of the format before torch 1.6 are no zip files and hold plain tensors.
    if torch_version() >= SAFE_GLOBALS_SINCE or not zipfile.is_zipfile(path):
        with checkpoint_globals_allowed():
            return torch.load(path, map_location='cpu', weights_only=True)
    with torch.serialization._open_zipfile_reader(path) as file:
        module = SimpleNamespace(Unpickler=_CheckpointUnpickler)
        return torch.serialization._load(file, 'cpu', module, encoding='utf-8')


class _CheckpointUnpickler(pickle.Unpickler):
    """Finds what torch's own safe unpickler knows and `checkpoint_globals`, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        from torch._weights_only_unpickler import _get_allowed_globals

        allowed = {**_get_allowed_globals(), **checkpoint_globals()}
        try:
            return allowed[f'{module}.{name}']
        except KeyError:
            raise pickle.UnpicklingError(
                f'it asks for {module}.{name}, which no checkpoint of mmengine holds.'
            ) from None
