"""Graphs of TensorFlow.js as ONNX nodes: images are (N, C, H, W), weights half precision."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Union

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET, FLOAT = 12, onnx.TensorProto.FLOAT
CHANNELS_LAST = (0, 2, 3, 1)
"""Stored axes, (N, C, H, W), of an image that the graph sees as (N, H, W, C)."""


@dataclass(frozen=True)
class Value:
    """A tensor of the ONNX graph as the TensorFlow graph sees it.

    Transposition and padding are noted, and done by the operation that comes next.

    Attributes:
        name: in the ONNX graph.
        axes: the stored axis of every axis that is seen.
        padding: (n, 2) number of elements to add before and after every stored axis.
        fill: what they are.
    """

    name: str
    axes: tuple[int, ...]
    padding: np.ndarray | None = None
    fill: float = 0.0


Operand = Union[Value, np.ndarray]
Attributes = dict[str, Any]


def read_graph(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A ``model.json`` of TensorFlow.js, and its constants by name, as they are stored.

    Raises:
        OSError: if it or a file of its weights cannot be read.
    """
    graph = json.loads(path.read_text(encoding='utf-8'))
    constants = {}
    for group in graph['weightsManifest']:
        data = b''.join((path.parent / name).read_bytes() for name in group['paths'])
        start = 0
        for entry in group['weights']:
            kind = np.dtype(entry.get('quantization', entry)['dtype'])
            count = int(np.prod(entry['shape']))
            values = np.frombuffer(data, kind, count, start).reshape(entry['shape'])
            constants[entry['name']] = values
            start += count * kind.itemsize
    return graph, constants


class GraphConverter:
    """Writes the operations of convolutional TensorFlow graphs as ONNX nodes.

    Args:
        constants: of the graph, by name.
        image_shape: (N, C, H, W) of the only input, ``image``.
    """

    def __init__(self, constants: dict[str, np.ndarray], image_shape: Sequence[int]) -> None:
        self.values: dict[str, Operand] = dict(constants)
        self.image = helper.make_tensor_value_info('image', FLOAT, image_shape)
        self.casts: list[onnx.NodeProto] = []
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def convert(self, nodes: Sequence[dict[str, Any]], image: str) -> None:
        """Add all operations, in their order; `values` has the results by name.

        Args:
            nodes: of the TensorFlow graph.
            image: what its placeholder (N, C, H, W) is in the ONNX graph.

        Raises:
            NotImplementedError: if an operation, or a use of it, is of a kind that is not here.
        """
        for node in nodes:
            op, name = node['op'], node['name']
            if op == 'Const':
                continue
            if op == 'Placeholder':
                self.values[name] = Value(image, (0, 1, 2, 3))
                continue
            method: Callable[..., Any] | None = getattr(self, f'_{op.lower()}', None)
            _require(method is not None, f'{name}: no operation {op}')
            found = method(node.get('attr', {}), *(self.values[i] for i in node['input']))
            for i, value in enumerate(found if isinstance(found, list) else [found]):
                self.values[f'{name}:{i}' if i else name] = value

    def model(self, name: str, outputs: dict[str, Sequence[int]]) -> onnx.ModelProto:
        """The ONNX model of all nodes so far.

        Args:
            name: of the graph.
            outputs: shapes by name.
        """
        found = [helper.make_tensor_value_info(key, FLOAT, shape) for key, shape in outputs.items()]
        nodes = self.casts + self.nodes
        graph = helper.make_graph(nodes, name, [self.image], found, self.weights)
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid('', OPSET)], ir_version=7
        )

    def add(self, op: str, *inputs: str, outputs: Sequence[str] = (), **attributes: Any) -> str:
        """Add an ONNX node; the name of its first output."""
        names = list(outputs) or [f'{op.lower()}_{len(self.nodes)}']
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0]

    def constant(self, array: Any, dtype: Any = np.float32) -> str:
        """Add a constant; its name."""
        name = f'constant_{len(self.weights)}'
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype), name))
        return name

    def stored(self, name: str) -> str:
        """The name of a tensor of the TensorFlow graph, stored as it is seen there."""
        return self._stored(self.values[name])

    def _stored(self, x: Value) -> str:
        if x.axes == tuple(range(len(x.axes))):
            return _plain(x)
        return self.add('Transpose', _plain(x), perm=x.axes)

    def _shape(self, name: str) -> list[int]:
        """Stored shape of a tensor of the ONNX graph so far."""
        graph = onnx.shape_inference.infer_shapes(self.model('part', {})).graph
        (info,) = (info for info in graph.value_info if info.name == name)
        return [dim.dim_value for dim in info.type.tensor_type.shape.dim]

    def _half(self, array: np.ndarray) -> str:
        """A constant that is stored in half precision and used in single precision."""
        half = self.constant(array, np.float16)
        self.casts.append(helper.make_node('Cast', [half], [f'{half}_single'], to=FLOAT))
        return f'{half}_single'

    def _window(self, attr: Attributes, x: Value, fill: float) -> dict[str, Any]:
        """Strides and padding of a convolution or pooling."""
        padding = np.zeros((4, 2), int) if x.padding is None else x.padding
        _require(x.axes == CHANNELS_LAST and not padding[:2].any(), 'windows move over H and W')
        _require(base64.b64decode(attr['padding']['s']) == b'VALID', 'padding is separate')
        _require(x.fill == fill or not padding.any(), f'padding with {fill}')
        strides = _integers(attr['strides'])[1:3]
        return {'strides': strides, 'pads': padding[2:].T.ravel().tolist()}

    def _conv2d(self, attr: Attributes, x: Value, weight: np.ndarray) -> Value:
        window = self._window(attr, x, 0)
        _require(set(_integers(attr['dilations'])) == {1}, 'convolutions without dilation')
        kernel = self._half(weight.transpose(3, 2, 0, 1))
        name = self.add('Conv', x.name, kernel, kernel_shape=weight.shape[:2], **window)
        return Value(name, x.axes)

    def _maxpool(self, attr: Attributes, x: Value) -> Value:
        window, size = self._window(attr, x, -np.inf), _integers(attr['ksize'])
        return Value(self.add('MaxPool', x.name, kernel_shape=size[1:3], **window), x.axes)

    def _add(self, attr: Attributes, x: Value, y: Operand) -> Value:
        if isinstance(y, Value):
            _require(x.axes == y.axes, 'terms in the same order of axes')
            return Value(self.add('Add', _plain(x), _plain(y)), x.axes)
        (convolution,) = (node for node in self.nodes if x.name in node.output)
        _require(convolution.op_type == 'Conv' and len(convolution.input) == 2, 'a bias')
        convolution.input.append(self._half(y))
        return x

    def _addv2(self, attr: Attributes, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return x + y

    def _sparsetodense(
        self, attr: Attributes, indices: np.ndarray, shape: np.ndarray, values: Any, fill: Any
    ) -> np.ndarray:
        _require(not indices.size, 'a constant without entries')
        return np.full(shape, fill)

    def _transpose(self, attr: Attributes, x: Value, perm: np.ndarray) -> Value:
        return replace(x, axes=tuple(x.axes[i] for i in perm.tolist()))

    def _pad(self, attr: Attributes, x: Value, padding: np.ndarray, fill: float = 0) -> Value:
        _require(x.padding is None, 'padding once')
        return replace(x, padding=padding[np.argsort(x.axes)], fill=float(fill))

    _padv2 = _pad

    def _leakyrelu(self, attr: Attributes, x: Value) -> Value:
        return Value(self.add('LeakyRelu', _plain(x), alpha=attr['alpha']['f']), x.axes)

    def _sigmoid(self, attr: Attributes, x: Value) -> Value:
        return Value(self.add('Sigmoid', _plain(x)), x.axes)

    def _identity(self, attr: Attributes, x: Value) -> Value:
        return x

    def _concatv2(self, attr: Attributes, *inputs: Any) -> Value:
        *values, axis = inputs
        _require(len({x.axes for x in values}) == 1, 'parts in the same order of axes')
        axes = values[0].axes
        return Value(self.add('Concat', *map(_plain, values), axis=axes[int(axis)]), axes)

    def _splitv(self, attr: Attributes, x: Value, sizes: np.ndarray, axis: Any) -> list[Value]:
        names = [f'split_{len(self.nodes)}_{i}' for i in range(len(sizes))]
        axis = x.axes[int(axis)]
        self.add('Split', _plain(x), outputs=names, axis=axis, split=sizes.tolist())
        return [Value(name, x.axes) for name in names]

    def _reshape(self, attr: Attributes, x: Value, shape: np.ndarray) -> Value:
        name = self.add('Reshape', self._stored(x), self.constant(shape, np.int64))
        return Value(name, tuple(range(len(shape))))

    def _resizebilinear(self, attr: Attributes, x: Value, size: np.ndarray) -> Value:
        _require(x.axes == CHANNELS_LAST, 'images are resized in H and W')
        _require(attr['half_pixel_centers']['b'], 'pixels have their centers at 1/2')
        scales = self.constant(np.r_[1, 1, size / self._shape(_plain(x))[2:]])
        how = {'mode': 'linear', 'coordinate_transformation_mode': 'half_pixel'}
        return Value(self.add('Resize', x.name, self.constant([]), scales, **how), x.axes)


def _plain(x: Value) -> str:
    """The name of a tensor that waits for no padding."""
    _require(x.padding is None, 'only windows are padded')
    return x.name


def _integers(attribute: dict[str, Any]) -> list[int]:
    return [int(value) for value in attribute['list']['i']]


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise NotImplementedError(f'graphs of this kind are not read here; expected: {what}.')
