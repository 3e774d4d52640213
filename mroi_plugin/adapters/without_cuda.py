"""Running code of mmhuman3d that is hard-wired to CUDA where the model is not on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
import torch.cuda.comm
from torch import Tensor


@contextmanager
def cuda_means(device: torch.device) -> Iterator[None]:
    """Within, ``tensor.cuda()`` and the two CUDA names that HybrIK's head uses mean ``device``.

    mmhuman3d's HybrIK moves its inputs with ``.cuda()`` and counts heatmap cells with
    ``torch.cuda.FloatTensor`` and ``torch.cuda.comm.broadcast``. On a CUDA device nothing is
    replaced; elsewhere the three names are, for the duration of the call.

    Args:
        device: where the model is.
    """
    if device.type == 'cuda':
        yield
        return
    with ExitStack() as replaced:
        for target, name, stand_in in (
            (Tensor, 'cuda', lambda self, *_, **__: self.to(device)),
            (torch.cuda, 'FloatTensor', torch.FloatTensor),
            (torch.cuda.comm, 'broadcast', lambda x, **_: (x.to(device),)),
        ):
            replaced.enter_context(patch.object(target, name, stand_in))
        yield
