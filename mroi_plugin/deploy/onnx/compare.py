"""An ONNX file, run by onnxruntime, against torch."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mroi_plugin.cameras import encode_bbox_info
from mroi_plugin.deploy.onnx.graph import write_graph
from mroi_plugin.deploy.onnx.image_model import ImageModel
from mroi_plugin.deploy.onnx.sessions import run_file
from mroi_plugin.deploy.onnx.wrapped_model import WrappedModel
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
    'rois': (1e-3, 'px'),
}
"""Largest difference that is taken as none, and its unit."""
OWN_ROUNDING = 2.0
ENCODING_LIMIT = 2.4e-7
"""Two units in the last place of a float32 sine near 1: libraries round differently."""


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


def compare_model(module: WrappedModel | ImageModel, path: Path) -> list[Comparison]:
    """Largest difference of every output of a file from the module that it was made of, at
    `PERSONS` persons.

    Where that is more than `LIMITS` allow, the limit is `OWN_ROUNDING` times what torch differs by
    from itself when it sums in another order (without oneDNN): the weights of a trained network may
    enlarge rounding at an input of noise more than drawn ones do.
    """

    def by_file(inputs: tuple[Tensor, ...]) -> dict[str, np.ndarray]:
        return run_file(path, [named_arrays(module, inputs)])[0]

    def otherwise(inputs: tuple[Tensor, ...]) -> dict[str, np.ndarray]:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of TF32 on Intel's GPUs
            with torch.backends.mkldnn.flags(enabled=False):
                return {name: x.numpy() for name, x in zip(module.outputs, module(*inputs))}

    errors = _differences(module, by_file)
    limits = {name: LIMITS[name][0] for name in errors}
    if not all(error <= limits[name] for name, error in errors.items()):
        own = _differences(module, otherwise)
        limits = {name: max(limits[name], OWN_ROUNDING * own[name]) for name in errors}
    return [
        Comparison(name, error, limits[name], LIMITS[name][1]) for name, error in errors.items()
    ]


def _differences(
    module: WrappedModel | ImageModel,
    other: Callable[[tuple[Tensor, ...]], dict[str, np.ndarray]],
) -> dict[str, float]:
    """Largest difference of every output of another way to compute them."""
    worst = dict.fromkeys(module.outputs, 0.0)
    for persons in PERSONS:
        inputs = module.example(persons)
        found = other(inputs)
        for name, tensor in zip(module.outputs, module(*inputs)):
            ours, theirs = tensor.numpy(), found[name]
            if ours.shape != theirs.shape:
                raise ValueError(
                    f'{name} of {persons} persons is {theirs.shape}, expected {ours.shape}.'
                )
            worst[name] = float(np.maximum(worst[name], _difference(name, ours, theirs)))
    return worst


def named_arrays(
    module: WrappedModel | ImageModel, inputs: tuple[Tensor, ...]
) -> dict[str, np.ndarray]:
    """Inputs of a module as those of its file."""
    return {name: tensor.numpy() for name, tensor in zip(module.inputs, inputs)}


def _difference(name: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    difference = np.abs(ours.astype(np.float64) - theirs)
    if LIMITS[name][1] == 'of its length':
        difference = difference / np.linalg.norm(ours, axis=-1, keepdims=True)
    factor = 1000 if LIMITS[name][1] == 'mm' else 1
    return float(factor * difference.max()) if np.isfinite(difference).all() else float('nan')


def compare_encoding(network: WrappedModel, folder: Path, opset: int) -> Comparison:
    """Largest difference of the positional encoding of all relative RoIs; its highest frequency
    turns an inexact product into noise of size 1."""
    encoding = RoIPositionalEncoding(network.model.head.fusion.relation.encoding.num_freqs)
    worst = 0.0
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        path = Path(temporary) / 'encoding.onnx'
        write_graph(encoding, (_relative(network.example(2)),), ('bbox_info',), path, opset)
        for persons in PERSONS:
            info = _relative(network.example(persons))
            (found,) = run_file(path, [{'bbox_info': info.numpy()}])
            apart = np.abs(encoding(info).numpy() - found['output']).max()
            worst = float(np.maximum(worst, apart))
    return Comparison('positional encoding', worst, ENCODING_LIMIT, '')


def _relative(inputs: tuple[Tensor, ...]) -> Tensor:
    _, rois, focal, *_ = inputs
    info = encode_bbox_info(rois, focal[:, None])
    return info[:, :, None] - info[:, None]
