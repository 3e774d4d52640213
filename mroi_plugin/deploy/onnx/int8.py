"""ONNX files with linear layers of 8 bits."""

from __future__ import annotations

import logging
from pathlib import Path

from mroi_plugin.deploy.onnx.layers import known_tensors, linear_layers, load_graph


def write_int8(path: Path) -> None:
    """Rewrite a float32 file: linear layers of backbone and head have 8-bit weights, a scale per
    channel, and quantize what comes in as it comes. Convolutions stay as they are.

    Raises:
        ValueError: if there are no linear layers.
    """
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    model = load_graph(path)
    onnx.save(model, str(path))
    names = linear_layers(model, known_tensors(model))
    if not names:  # onnxruntime takes none as all
        raise ValueError('--precision int8: the network has no linear layers; use fp16.')
    names |= {f'{name}_MatMul' for name in names}  # as onnxruntime calls what was a Gemm
    logger, level = logging.getLogger(), logging.getLogger().level
    logger.setLevel(logging.ERROR)  # it advises preprocessing, which torch has done
    try:
        quantize_dynamic(str(path), str(path), nodes_to_quantize=sorted(names), per_channel=True)
    finally:
        logger.setLevel(level)
