"""Less memory in training: the activations of residual blocks are computed again when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

BLOCKS = ('BasicBlock', 'Bottleneck')
"""Names of the residual blocks of mmhuman3d's ResNet and HRNet."""


def recompute_blocks(backbone: nn.Module) -> int:
    """Keep of every residual block its input alone, and run the block again in the backward pass.

    Gradients and running statistics are those without it: a block that is run again leaves the
    statistics alone.

    Args:
        backbone: with blocks named as in `BLOCKS`; its blocks are changed in place.

    Returns:
        Number of blocks.

    Raises:
        RuntimeError: with torch before 2.1, which cannot tell the second run from the first.
        ValueError: if there is no block.
    """
    if tuple(int(part) for part in torch.__version__.split('.')[:2]) < (2, 1):
        raise RuntimeError(f'recompute=True needs torch >= 2.1, this is {torch.__version__}.')
    blocks = [module for module in backbone.modules() if type(module).__name__ in BLOCKS]
    if not blocks:
        raise ValueError(
            f'recompute=True: {type(backbone).__name__} has no {" or ".join(BLOCKS)}; backbones of '
            'transformers have checkpointing=True of their own.'
        )
    for block in blocks:
        block.forward = _recomputed(block, block.forward)
    return len(blocks)


def _recomputed(block: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
    def run(*inputs: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*inputs)
        contexts = lambda: (nullcontext(), _frozen_statistics(block))  # noqa: E731
        return checkpoint(forward, *inputs, use_reentrant=False, context_fn=contexts)

    return run


@contextmanager
def _frozen_statistics(block: nn.Module) -> Iterator[None]:
    """Batch norms count the batch in copies of their statistics, which are thrown away."""
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]
    before = [dict(norm._buffers) for norm in norms]
    try:
        for norm in norms:
            for name, buffer in norm._buffers.items():
                norm._buffers[name] = None if buffer is None else buffer.clone()
        yield
    finally:
        for norm, buffers in zip(norms, before):
            norm._buffers.update(buffers)
