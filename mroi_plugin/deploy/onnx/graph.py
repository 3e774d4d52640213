"""Tracing a module into an ONNX file."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

OPSET = 16
OPSETS = range(13, 21)
"""What the tracer of torch knows, and what the network needs."""


def write_graph(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    names: tuple[str, ...],
    path: Path,
    opset: int = OPSET,
) -> None:
    """Trace a module into an ONNX file.

    Args:
        module: may name its ``outputs``, and as ``free_axes`` the dimensions by names of inputs and
            outputs that are left free: else the first of all.
        inputs: to trace it with.
        names: of the inputs.
        path: of the file.
        opset: version of the standard operators.

    Raises:
        ValueError: if torch or an operator of the module does not know the opset.
    """
    outputs = getattr(module, 'outputs', ('output',))
    first = {name: {0: 'instances'} for name in (*names, *outputs)}
    options: dict[str, Any] = {
        'input_names': list(names),
        'output_names': list(outputs),
        'dynamic_axes': getattr(module, 'free_axes', first),
        'opset_version': opset,
    }
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        options['dynamo'] = False  # the tracer of all supported versions of torch
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the shapes that it warns of are compared afterwards
            torch.onnx.export(module, inputs, str(path), **options)
    except (ValueError, torch.onnx.errors.UnsupportedOperatorError) as error:
        raise ValueError(f'--opset {opset}: {error}') from error
