"""Where the layers with weights are in an ONNX graph that torch has traced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LINEAR = ('Gemm', 'MatMul')


def load_graph(path: Path) -> Any:
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


def part_of(node: str) -> str | None:
    """The module of the estimator, ``backbone`` or ``head``, that a node is of."""
    return next((part for part in node.split('/') if part in ('backbone', 'head')), None)


def known_tensors(model: Any) -> dict[str, Any]:
    """Tensors that are known, by name."""
    found = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == 'Constant' and node.attribute[0].name == 'value':
            found[node.output[0]] = node.attribute[0].t
    return found


def linear_layers(model: Any, constants: dict[str, Any]) -> set[str]:
    """Linear layers of backbone and head: products with known weights."""
    return {
        node.name
        for node in model.graph.node
        if node.op_type in LINEAR and part_of(node.name) and node.input[1] in constants
    }
