"""ONNX files that compute in 16 bits where that is harmless."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mroi_plugin.deploy.onnx.layers import known_tensors, linear_layers, load_graph, part_of

FLOAT_ONLY = ('Cast', 'Constant', 'ConstantOfShape', 'Range', 'Resize')
"""Operators that are no arithmetic, or have inputs that must be float32."""
HALF = '_half'


def write_half(path: Path) -> None:
    """Rewrite a float32 file: the backbone, and linear layers of the head, compute in float16.

    Inputs and outputs stay as they were.
    """
    import onnx

    model = load_graph(path)
    floats = _float_names(model)
    constants = known_tensors(model)
    linear = linear_layers(model, constants)
    chosen = {
        node.name
        for node in model.graph.node
        if (part_of(node.name) == 'backbone' or node.name in linear)
        and node.op_type not in FLOAT_ONLY
        and node.output[0] in floats
    }
    _Halving(model, chosen, floats, constants).rewrite()
    onnx.save(model, str(path))


def _float_names(model: Any) -> set[str]:
    """Names of all float32 tensors."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.value_info, *graph.input, *graph.output)
    floats = {x.name for x in values if x.type.tensor_type.elem_type == onnx.TensorProto.FLOAT}
    constants = known_tensors(model).items()
    return floats | {name for name, x in constants if x.data_type == onnx.TensorProto.FLOAT}


class _Halving:
    """Some nodes of a graph moved to float16, with casts where the others begin."""

    def __init__(
        self, model: Any, chosen: set[str], floats: set[str], constants: dict[str, Any]
    ) -> None:
        self.graph, self.chosen = model.graph, chosen
        self.floats, self.constants = floats, constants
        self.nodes: list[Any] = []
        self.halves: set[str] = set()

    def rewrite(self) -> None:
        """Replace the nodes and the weights of the graph."""
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
