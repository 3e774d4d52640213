"""Letting mmengine read its own checkpoints under torch's safe loading."""

from __future__ import annotations

import numpy as np
import torch


def allow_engine_checkpoints() -> None:
    """Allow exactly the classes that mmengine's checkpoints hold beside tensors (torch >= 2.4).

    These are its ``HistoryBuffer`` and what numpy arrays and scalars unpickle through; loading
    stays ``weights_only``.
    """
    if not hasattr(torch.serialization, 'add_safe_globals'):
        return
    from mmengine.logging import HistoryBuffer

    core = np.core if np.lib.NumpyVersion(np.__version__) < '2.0.0' else np._core
    multiarray = core.multiarray
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            np.ndarray,
            np.dtype,
            multiarray._reconstruct,
            multiarray.scalar,
            type(np.dtype(np.float64)),
            type(np.dtype(np.float32)),
            type(np.dtype(np.int64)),
        ]
    )
