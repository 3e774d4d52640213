"""Tracing a module into an ONNX file."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

OPSET = 16


def write_graph(
    module: nn.Module, inputs: tuple[Tensor, ...], names: tuple[str, ...], path: Path
) -> None:
    """Trace a module into an ONNX file whose first dimension is free."""
    outputs = getattr(module, 'outputs', ('output',))
    options: dict[str, Any] = {
        'input_names': list(names),
        'output_names': list(outputs),
        'dynamic_axes': {name: {0: 'instances'} for name in (*names, *outputs)},
        'opset_version': OPSET,
    }
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        options['dynamo'] = False  # the tracer of all supported versions of torch
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the shapes that it warns of are compared afterwards
        torch.onnx.export(module, inputs, str(path), **options)
