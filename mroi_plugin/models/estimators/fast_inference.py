"""Ways to predict faster: narrower numbers, compiled code, CUDA graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}
Function = Callable[..., dict[str, Tensor]]


class FastInference:
    """Call a function as a network's ``inference`` option says; nothing of it is in checkpoints.

    Args:
        dtype: ``bfloat16`` or ``float16`` autocast; None computes as the weights are.
        compile: True, or options of ``torch.compile``. ``dict(mode='reduce-overhead')`` records
            CUDA graphs too, ``dict(backend='cudagraphs')`` alone. Fewer persons than ever before
            are filled up to the most there were, as the last batch of a run is: another number
            would be compiled, or recorded, anew.

    Raises:
        ValueError: for another ``dtype``.
        ImportError: for ``compile`` with torch before 2.
    """

    def __init__(self, dtype: str | None = None, compile: bool | Mapping[str, Any] = False) -> None:
        if dtype is not None and dtype not in DTYPES:
            raise ValueError(f'inference.dtype={dtype!r}: expected {", ".join(DTYPES)} or None.')
        if compile and not hasattr(torch, 'compile'):
            raise ImportError(f'inference.compile needs torch >= 2, this is {torch.__version__}.')
        self.dtype, self.compile = dtype, compile
        self._compiled: tuple[Any, Function] | None = None
        self._most = 0

    def __deepcopy__(self, _: Any) -> FastInference:
        return FastInference(self.dtype, self.compile)

    def __reduce__(self) -> tuple[Any, ...]:
        return FastInference, (self.dtype, self.compile)

    def __call__(self, function: Function, img: Tensor, *inputs: Any) -> dict[str, Tensor]:
        """``function(img, *inputs)``; a method of one object throughout."""
        narrow = (
            torch.autocast(img.device.type, DTYPES[self.dtype]) if self.dtype else nullcontext()
        )
        with narrow:
            if not self.compile:
                return function(img, *inputs)
            count = len(img)
            self._most = max(self._most, count)
            img, *inputs = (_filled(value, count, self._most) for value in (img, *inputs))
            # A graph writes its results into the same memory at every replay: hence the copies.
            out = self._compile(function)(img, *inputs)
            return {name: value[:count].clone() for name, value in out.items()}

    def _compile(self, function: Function) -> Function:
        if self._compiled is None or self._compiled[0] != function:
            options = {} if self.compile is True else self.compile
            self._compiled = (function, torch.compile(function, **options))
        return self._compiled[1]


def _filled(value: Any, count: int, most: int) -> Any:
    """Tensors (N, ...), one or several by name, with their last row repeated up to ``most``."""
    if isinstance(value, Mapping):
        return {name: _filled(entry, count, most) for name, entry in value.items()}
    if count in (0, most):
        return value
    return torch.cat([value, value[-1:].expand(most - count, *value.shape[1:])])
