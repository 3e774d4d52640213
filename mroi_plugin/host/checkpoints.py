"""Letting mmengine read its own checkpoints under torch's safe loading."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def _history_method(owner: Any, name: str) -> Any:
    """Stands for ``getattr``, by which the statistics of a ``HistoryBuffer`` are pickled.

    Raises:
        ValueError: for anything but a public method of that class.
    """
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name.startswith('_'):
        raise ValueError(f'a checkpoint asks for {owner!r}.{name}; only HistoryBuffer is known')
    return getattr(owner, name)


def allow_engine_checkpoints() -> None:
    """Allow exactly what mmengine's checkpoints hold beside tensors; loading stays
    ``weights_only``.

    That is its ``HistoryBuffer`` and what numpy arrays and scalars unpickle through. Before torch
    2.6 there is nothing to allow: safe loading was not the default.
    """
    if tuple(int(part) for part in torch.__version__.split('.')[:2]) < (2, 6):
        return
    from mmengine.logging import HistoryBuffer

    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    numpy_functions = [
        (function, f'numpy.{core}.multiarray.{name}')  # numpy 1.x and 2.x
        for core in ('core', '_core')
        for name, function in (('_reconstruct', reconstruct), ('scalar', scalar))
    ]
    numbers = (np.float64, np.float32, np.int64, np.int32, np.bool_)
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            (_history_method, 'builtins.getattr'),
            np.ndarray,
            np.dtype,
            *(type(np.dtype(number)) for number in numbers),
            *numpy_functions,
        ]
    )
