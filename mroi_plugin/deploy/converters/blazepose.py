"""BlazePose's networks, as published or trained on: weights and graph as one safetensors file.

``pip install tflite``, and in a folder where ``npm pack @mediapipe/pose@0.5.1675469404`` has been
unpacked::

    python -m mroi_plugin.deploy.converters.blazepose pose_landmark_heavy.tflite heavy.safetensors

or, of a checkpoint of ``full``::

    python -m mroi_plugin.deploy.converters.blazepose epoch_20.pth trained.safetensors
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save

from mroi_plugin.deploy.half_precision import in_half
from mroi_plugin.engine.checkpoints import read_state_dict
from mroi_plugin.models.backbones.blazepose import ASSETS, load_network
from mroi_plugin.models.backbones.conv_graph import INPUT
from mroi_plugin.utils.atomic_files import write_atomically
from mroi_plugin.utils.errors import report_user_errors
from mroi_plugin.version import __version__

SOURCE = 'npm package @mediapipe/pose 0.5.1675469404'
LICENSE = 'Apache-2.0'
OUTPUTS = {195: 'landmarks', 117: 'world', 39: 'heatmap'}
"""Outputs by their number of channels; the other two have one, and the mask is the larger one."""
BASE = ASSETS / 'blazepose_full.safetensors'
TRAINED, PREFIX = ('map', 'landmarks', 'world'), 'backbone.network.'
"""Outputs that `BlazePose` is trained through, and the names of its weights in a checkpoint."""
SAME, ACTIVATIONS = 0, {0: False, 3: True}
"""Numbers of TFLite's enumerations: padding; none and ReLU6."""


class TFLiteReader:
    """Nodes, weights and outputs of a TFLite file with BlazePose's operations.

    Args:
        content: of the file.

    Raises:
        ImportError: if the package ``tflite`` is not installed.
        ValueError: if the file has an operation that is not known.
    """

    def __init__(self, content: bytes) -> None:
        try:
            import tflite
        except ImportError as error:
            raise ImportError(f"{error}: pip install 'mroi_plugin[tflite]'") from error
        self.tflite = tflite
        self.model = tflite.Model.GetRootAsModel(content, 0)
        self.graph = self.model.Subgraphs(0)
        self.nodes: list[dict[str, Any]] = []
        self.weights: dict[str, torch.Tensor] = {}
        self.values = {int(self.graph.Inputs(0)): INPUT}
        self.constants: dict[int, int] = {}  # a dequantized tensor -> the stored one
        self.pads: dict[int, tuple[int, np.ndarray]] = {}  # a padded tensor -> what, and how
        readers: dict[str, Callable[[Any], None]] = {
            'PAD': self._pad,
            'CONV_2D': lambda op: self._conv(op, 'Conv2DOptions'),
            'DEPTHWISE_CONV_2D': lambda op: self._conv(op, 'DepthwiseConv2DOptions'),
            'ADD': self._add,
            'RESIZE_BILINEAR': self._resize,
            'MAX_POOL_2D': self._max_pool,
            'RESHAPE': self._reshape,
            'LOGISTIC': lambda op: self._node(op, 'sigmoid', [op.Inputs(0)]),
            'DEQUANTIZE': self._dequantize,
        }
        for k in range(self.graph.OperatorsLength()):
            op = self.graph.Operators(k)
            name = self._name(op)
            if name not in readers:
                raise ValueError(f'operation {k} is {name}; expected one of {sorted(readers)}.')
            readers[name](op)

    def outputs(self) -> dict[str, int]:
        """Value of each output by name, and ``map``, from which the landmarks are computed.

        Raises:
            ValueError: if the file has no landmarks.
        """
        found = {}
        for tensor in self.graph.OutputsAsNumpy():
            value = self.values[int(tensor)]
            channels, height, _ = self.nodes[value]['shape']
            found[OUTPUTS.get(channels, 'mask' if height > 1 else 'presence')] = value
        if 'landmarks' not in found:
            raise ValueError(
                'no output has 195 numbers: expected pose_landmark_lite.tflite, _full or _heavy.'
            )
        return {'map': self.nodes[found['landmarks']]['inputs'][0], **found}

    def _name(self, op: Any) -> str:
        code = self.model.OperatorCodes(op.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        names = {value: name for name, value in vars(self.tflite.BuiltinOperator).items()}
        return names[number]

    def _options(self, op: Any, kind: str) -> Any:
        options = getattr(self.tflite, kind)()
        options.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
        return options

    def _shape(self, tensor: int) -> list[int]:
        """(C, h, w) of a tensor (1, h, w, C)."""
        _, height, width, channels = self.graph.Tensors(tensor).ShapeAsNumpy()
        return [int(channels), int(height), int(width)]

    def _array(self, tensor: int) -> np.ndarray:
        """A constant."""
        stored = self.graph.Tensors(self.constants.get(tensor, tensor))
        types = {self.tflite.TensorType.FLOAT16: '<f2', self.tflite.TensorType.INT32: '<i4'}
        data = self.model.Buffers(stored.Buffer()).DataAsNumpy()
        return data.view(types[stored.Type()]).reshape(stored.ShapeAsNumpy())

    def _node(self, op: Any, kind: str, inputs: list[int], **options: Any) -> None:
        result = int(op.Outputs(0))
        self.values[result] = len(self.nodes)
        values = [self.values[int(tensor)] for tensor in inputs]
        self.nodes.append({'op': kind, 'inputs': values, 'shape': self._shape(result), **options})

    def _conv(self, op: Any, kind: str) -> None:
        options = self._options(op, kind)
        source, weight = int(op.Inputs(0)), self._array(op.Inputs(1))
        _, *kernel, _ = weight.shape
        stride = options.StrideH()
        if source in self.pads:
            source, pads = self.pads[source]
            padding = [int(x) for x in pads[1:3].flatten()]
        elif options.Padding() == SAME:
            sides = zip(self._shape(source)[1:], kernel)
            padding = [p for size, k in sides for p in _same_padding(size, k, stride)]
        else:
            padding = [0, 0, 0, 0]
        depthwise = kind.startswith('Depthwise')
        name = str(len(self.nodes))
        weight = weight.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
        self.weights[f'{name}.weight'] = torch.tensor(np.ascontiguousarray(weight))
        self.weights[f'{name}.bias'] = torch.tensor(self._array(op.Inputs(2)))
        self._node(
            op,
            'conv',
            [source],
            stride=stride,
            padding=padding,
            groups=len(weight) if depthwise else 1,
            relu6=_relu6(options),
        )

    def _pad(self, op: Any) -> None:
        """Padding of channels is a node; that of pixels belongs to the convolution after it."""
        source, pads = int(op.Inputs(0)), self._array(op.Inputs(1))
        if pads[3].any():
            before, after = (int(x) for x in pads[3])
            self._node(op, 'pad_channels', [source], before=before, after=after)
        else:
            self.pads[int(op.Outputs(0))] = source, pads

    def _add(self, op: Any) -> None:
        relu6 = _relu6(self._options(op, 'AddOptions'))
        self._node(op, 'add', list(op.InputsAsNumpy()), relu6=relu6)

    def _resize(self, op: Any) -> None:
        if not self._options(op, 'ResizeBilinearOptions').HalfPixelCenters():
            raise ValueError('RESIZE_BILINEAR without half-pixel centers is not known.')
        self._node(op, 'resize', [op.Inputs(0)])

    def _max_pool(self, op: Any) -> None:
        options = self._options(op, 'Pool2DOptions')
        if (options.FilterHeight(), options.StrideH(), options.Padding()) != (2, 2, 1):
            raise ValueError('MAX_POOL_2D other than of 2x2 pixels is not known.')
        self._node(op, 'max_pool', [op.Inputs(0)])

    def _reshape(self, op: Any) -> None:
        self.values[int(op.Outputs(0))] = self.values[int(op.Inputs(0))]

    def _dequantize(self, op: Any) -> None:
        self.constants[int(op.Outputs(0))] = int(op.Inputs(0))


def _relu6(options: Any) -> bool:
    number = options.FusedActivationFunction()
    if number not in ACTIVATIONS:
        raise ValueError(f'activation {number} is not known; expected none or ReLU6.')
    return ACTIVATIONS[number]


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's ``SAME`` padding before and after ``size`` pixels; the odd pixel is after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def convert_blazepose(path: str | Path, out: str | Path) -> None:
    """Write a pose network of BlazePose as `BlazePose` reads it, weights in float16 as they are.

    Args:
        path: ``pose_landmark_lite.tflite``, ``_full`` or ``_heavy``.
        out: safetensors file to write.

    Raises:
        ImportError: if the package ``tflite`` is not installed.
        ValueError: if the file is of another network.
    """
    content = Path(path).read_bytes()
    reader = TFLiteReader(content)
    about = {
        'source': f'{Path(path).name} of {SOURCE}',
        'sha256': hashlib.sha256(content).hexdigest(),
        'license': LICENSE,
        'outputs': reader.outputs(),
        'nodes': reader.nodes,
    }
    # One entry: safetensors writes several in an order that changes from run to run.
    write_atomically(save(reader.weights, {'network': json.dumps(about)}), out)


def store_trained(checkpoint: str | Path, out: str | Path, base: str | Path = BASE) -> None:
    """Write the backbone of a checkpoint as `BlazePose` reads it: float16, batch norms folded.

    Of the outputs, those that `BlazePose` trains are kept: ``map``, ``landmarks`` and ``world``.

    Args:
        checkpoint: of a model whose ``backbone`` is `BlazePose`, as ``mroi_open_landmarks``.
        out: safetensors file to write.
        base: file of the network that it was trained from.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if the checkpoint has no such backbone, or weights beyond float16.
    """
    state = {
        name[len(PREFIX) :]: value
        for name, value in read_state_dict(str(checkpoint)).items()
        if name.startswith(PREFIX)
    }
    network = load_network(base, TRAINED)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(
            f'{checkpoint}: its backbone is not the network of {base} ({str(error)[:200]} ...); '
            'choose another --base.'
        ) from None
    weights = in_half(network.convs.state_dict(), str(checkpoint))
    with safe_open(str(base), framework='pt') as file:
        about = json.loads(file.metadata()['network'])
    about['changes'] = f'trained further with mroi_plugin {__version__}'
    about['outputs'] = {name: about['outputs'][name] for name in TRAINED}
    write_atomically(save(weights, {'network': json.dumps(about)}), out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'source', help='pose_landmark_lite.tflite, _full or _heavy; or a checkpoint'
    )
    parser.add_argument('out', help='safetensors file to write')
    parser.add_argument(
        '--base', default=BASE, help='file of what a checkpoint was trained from (that of full)'
    )
    args = parser.parse_args()
    with report_user_errors():
        if args.source.endswith('.tflite'):
            convert_blazepose(args.source, args.out)
        else:
            store_trained(args.source, args.out, args.base)


if __name__ == '__main__':
    main()
