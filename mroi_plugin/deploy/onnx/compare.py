"""An ONNX file, run by onnxruntime, against torch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mroi_plugin.cameras import encode_bbox_info
from mroi_plugin.deploy.onnx.graph import write_graph
from mroi_plugin.deploy.onnx.wrapped_model import INPUTS, WrappedModel
from mroi_plugin.models.layers.positional_encoding import RoIPositionalEncoding

PERSONS = (1, 3, 7)
LIMITS = {
    'pred_pose': (1e-4, ''),
    'pred_betas': (1e-4, ''),
    'pred_cam': (1e-4, ''),
    'pred_cam_full': (1e-4, 'of its length'),
    'fusion_weights': (1e-4, ''),
    'pred_vertices': (0.1, 'mm'),
    'pred_joints': (0.1, 'mm'),
    'pred_transl': (1e-4, 'of its length'),
}
"""Largest difference that is taken as none, and its unit."""
ENCODING_LIMIT = 2.4e-7
"""Two units in the last place of a float32 sine near 1: libraries round differently."""
Example = Callable[[int], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Comparison:
    """One output, over all batch sizes.

    Args:
        what: its name.
        error: largest absolute difference.
        limit: largest that is allowed.
        unit: of both.
    """

    what: str
    error: float
    limit: float
    unit: str

    @property
    def holds(self) -> bool:
        """Whether the difference is allowed; never for NaN."""
        return bool(self.error <= self.limit)


def compare_model(wrapped: WrappedModel, path: str, example: Example) -> list[Comparison]:
    """Largest difference of every output, at `PERSONS` persons."""
    session = _session(path)
    worst = dict.fromkeys(wrapped.outputs, 0.0)
    for persons in PERSONS:
        inputs = example(persons)
        expected = [tensor.numpy() for tensor in wrapped(*inputs)]
        found = session.run(None, dict(zip(INPUTS, (tensor.numpy() for tensor in inputs))))
        for name, ours, theirs in zip(wrapped.outputs, expected, found):
            if ours.shape != theirs.shape:
                raise ValueError(
                    f'{path}: {name} of {persons} persons is {theirs.shape}, expected {ours.shape}.'
                )
            worst[name] = max(worst[name], _difference(name, ours, theirs))
    return [Comparison(name, worst[name], *LIMITS[name]) for name in wrapped.outputs]


def _difference(name: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    difference = np.abs(ours.astype(np.float64) - theirs)
    if LIMITS[name][1] == 'of its length':
        difference = difference / np.linalg.norm(ours, axis=-1, keepdims=True)
    factor = 1000 if LIMITS[name][1] == 'mm' else 1
    return float(factor * difference.max()) if np.isfinite(difference).all() else float('nan')


def compare_encoding(wrapped: WrappedModel, folder: Path, example: Example) -> Comparison:
    """Largest difference of the positional encoding of all relative RoIs; its highest frequency
    turns an inexact product into noise of size 1."""
    encoding = RoIPositionalEncoding(wrapped.model.head.fusion.relation.encoding.num_freqs)
    worst = 0.0
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        path = Path(temporary) / 'encoding.onnx'
        write_graph(encoding, (_relative(example(2)),), ('bbox_info',), path)
        session = _session(str(path))
        for persons in PERSONS:
            info = _relative(example(persons))
            (found,) = session.run(None, {'bbox_info': info.numpy()})
            worst = max(worst, float(np.abs(encoding(info).numpy() - found).max()))
    return Comparison('positional encoding', worst, ENCODING_LIMIT, '')


def _relative(inputs: tuple[Tensor, ...]) -> Tensor:
    _, rois, focal = inputs
    info = encode_bbox_info(rois, focal[:, None])
    return info[:, :, None] - info[:, None]


def _session(path: str) -> object:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
