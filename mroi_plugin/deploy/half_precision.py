"""Weights in half precision, to pass on."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

LARGEST_HALF = 65504.0


def in_half(state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Tensors of a state dict, floating-point ones as float16.

    Args:
        state: tensors by name.
        source: what they are from, for the error.

    Raises:
        ValueError: if a weight is not finite or too large for float16.
    """
    for name, value in state.items():
        if value.is_floating_point() and not value.abs().max() <= LARGEST_HALF:
            raise ValueError(f'{source}: {name} is not finite, or beyond float16.')
    return {
        name: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for name, value in state.items()
    }
