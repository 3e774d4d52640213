"""ONNX files of fewer bits, and how far they are from those of 32.

What is computed in fewer bits are the layers with weights, of backbone and head. Cameras, encoding,
cropping, body and rotations stay in float32: there, rounding is centimeters or noise.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mroi_plugin.deploy.onnx.sessions import run_file
from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator

PRECISIONS = ('fp32', 'fp16', 'int8')
LINEAR = ('Gemm', 'MatMul')
FLOAT_ONLY = ('Cast', 'Constant', 'ConstantOfShape', 'Range', 'Resize')
"""Operators that are no arithmetic, or have inputs that must be float32."""
HALF = '_half'


def write_half(path: Path) -> None:
    """Rewrite a float32 file: the backbone, and linear layers of the head, compute in float16.

    Inputs and outputs stay as they were.
    """
    import onnx

    model = _load(path)
    floats = _float_names(model)
    constants = _constants(model)
    chosen = {
        node.name
        for node in model.graph.node
        if (_part(node.name) == 'backbone' or node.name in _linear_names(model, constants))
        and node.op_type not in FLOAT_ONLY
        and node.output[0] in floats
    }
    _Halving(model, chosen, floats, constants).rewrite()
    onnx.save(model, str(path))


def write_int8(path: Path) -> None:
    """Rewrite a float32 file: linear layers of backbone and head have 8-bit weights, a scale per
    channel, and quantize what comes in as it comes. Convolutions stay as they are.

    Raises:
        ValueError: if there are no linear layers.
    """
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    model = _load(path)
    onnx.save(model, str(path))
    names = _linear_names(model, _constants(model))
    if not names:  # onnxruntime takes none as all
        raise ValueError('--precision int8: the network has no linear layers; use fp16.')
    names |= {f'{name}_MatMul' for name in names}  # as onnxruntime calls what was a Gemm
    logger, level = logging.getLogger(), logging.getLogger().level
    logger.setLevel(logging.ERROR)  # it advises preprocessing, which torch has done
    try:
        quantize_dynamic(str(path), str(path), nodes_to_quantize=sorted(names), per_channel=True)
    finally:
        logger.setLevel(level)


WRITERS = {'fp16': write_half, 'int8': write_int8}


def precision_errors(
    model: MultiRoIEstimator,
    inputs: Sequence[dict[str, np.ndarray]],
    reference: Path,
    path: Path,
) -> dict[str, float]:
    """Differences between two files over some inputs, in millimeters.

    Args:
        model: whose body is posed.
        inputs: of the files, by name.
        reference: file of 32 bits.
        path: file of fewer.

    Returns:
        ``vertices_mean_mm`` and ``vertices_max_mm``, of bodies without translation, and
        ``translation_mean_mm`` and ``translation_max_mm``, of ``pred_transl``, or of RoI 0's full
        camera in a file without body.

    Raises:
        ValueError: if an output is not finite.
    """
    pairs = [run_file(file, inputs) for file in (reference, path)]
    vertices, translations = [], []
    for one, other in zip(*pairs):
        if not all(np.isfinite(value).all() for value in other.values()):
            raise ValueError(f'{path.name}: fewer bits give NaN or infinity; use --precision fp32.')
        vertices.append(_distances_mm(_vertices(model, one), _vertices(model, other)))
        translations.append(_distances_mm(_translation(one), _translation(other)))
    found = {}
    for name, parts in (('vertices', vertices), ('translation', translations)):
        distances = np.concatenate(parts)
        found[f'{name}_mean_mm'] = float(distances.mean())
        found[f'{name}_max_mm'] = float(distances.max())
    return found


def _vertices(model: MultiRoIEstimator, outputs: dict[str, np.ndarray]) -> Tensor:
    given = (torch.from_numpy(outputs[name]) for name in ('pred_pose', 'pred_betas'))
    return model.pose_body(*given)['pred_vertices']


def _translation(outputs: dict[str, np.ndarray]) -> Tensor:
    known = outputs.get('pred_transl', outputs['pred_cam_full'][:, 0])
    return torch.from_numpy(known)


def _distances_mm(one: Tensor, other: Tensor) -> np.ndarray:
    return 1000 * (one - other).norm(dim=-1).flatten().numpy()


def _part(node: str) -> str | None:
    """The module of the estimator, ``backbone`` or ``head``, that a node is of."""
    return next((part for part in node.split('/') if part in ('backbone', 'head')), None)


def _load(path: Path) -> Any:
    """A model whose weights are used by their own names where layers share them."""
    import onnx

    model = onnx.load(str(path))
    known = {tensor.name for tensor in model.graph.initializer}
    copies = {
        node.output[0]: node.input[0]
        for node in model.graph.node
        if node.op_type == 'Identity' and node.input[0] in known
    }
    nodes = [node for node in model.graph.node if node.output[0] not in copies]
    for node in nodes:
        for i, name in enumerate(node.input):
            node.input[i] = copies.get(name, name)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _constants(model: Any) -> dict[str, Any]:
    """Tensors that are known, by name."""
    found = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == 'Constant' and node.attribute[0].name == 'value':
            found[node.output[0]] = node.attribute[0].t
    return found


def _linear_names(model: Any, constants: dict[str, Any]) -> set[str]:
    """Linear layers of backbone and head: products with known weights."""
    return {
        node.name
        for node in model.graph.node
        if node.op_type in LINEAR and _part(node.name) and node.input[1] in constants
    }


def _float_names(model: Any) -> set[str]:
    """Names of all float32 tensors."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.value_info, *graph.input, *graph.output)
    floats = {x.name for x in values if x.type.tensor_type.elem_type == onnx.TensorProto.FLOAT}
    constants = _constants(model).items()
    return floats | {name for name, x in constants if x.data_type == onnx.TensorProto.FLOAT}


class _Halving:
    """Some nodes of a graph moved to float16, with casts where the others begin."""

    def __init__(
        self, model: Any, chosen: set[str], floats: set[str], constants: dict[str, Any]
    ) -> None:
        self.graph, self.chosen, self.floats, self.constants = (
            model.graph, chosen, floats, constants,
        )  # fmt: skip
        self.nodes: list[Any] = []
        self.halves: set[str] = set()

    def rewrite(self) -> None:
        others = [node for node in self.graph.node if node.name not in self.chosen]
        needed = {name for node in others for name in node.input}
        needed |= {output.name for output in self.graph.output}
        for node in self.graph.node:
            if node.name not in self.chosen:
                self.nodes.append(node)
                continue
            for i, name in enumerate(node.input):
                if name in self.floats:
                    node.input[i] = self._half(name)
            self.nodes.append(node)
            for i, name in enumerate(node.output):
                if name in self.floats:
                    self.halves.add(name)
                    node.output[i] = name + HALF
                    if name in needed:
                        self._cast(name + HALF, name, 'FLOAT')
        del self.graph.node[:]
        self.graph.node.extend(self.nodes)
        kept = {name for node in self.nodes for name in node.input}
        tensors = [tensor for tensor in self.graph.initializer if tensor.name in kept]
        del self.graph.initializer[:]
        self.graph.initializer.extend(tensors)
        del self.graph.value_info[:]

    def _half(self, name: str) -> str:
        """The float16 twin of a float32 tensor, made where there is none yet."""
        import onnx

        if name not in self.halves:
            self.halves.add(name)
            if name in self.constants:
                values = onnx.numpy_helper.to_array(self.constants[name])
                with np.errstate(over='ignore'):  # infinity is refused with what comes of it
                    values = values.astype(np.float16)
                self.graph.initializer.append(onnx.numpy_helper.from_array(values, name + HALF))
            else:
                self._cast(name, name + HALF, 'FLOAT16')
        return name + HALF

    def _cast(self, source: str, target: str, kind: str) -> None:
        import onnx

        to = getattr(onnx.TensorProto, kind)
        self.nodes.append(
            onnx.helper.make_node('Cast', [source], [target], name=f'{target}_cast', to=to)
        )
