"""A small graph of TensorFlow.js gives what torch computes."""

from __future__ import annotations

import base64
import json

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from mroi_plugin.deploy.onnx.tensorflow_js import GraphConverter, read_graph

RNG = np.random.default_rng(0)
KERNEL, BIAS = RNG.normal(size=(3, 3, 3, 4)).astype('f2'), RNG.normal(size=4).astype('f2')
LAST, FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
ONE = {'list': {'i': ['1', '1', '1', '1']}}
TWO = {'list': {'i': ['1', '2', '2', '1']}}
VALID = {'s': base64.b64encode(b'VALID').decode()}
HALF = {'half_pixel_centers': {'b': True}}
CONSTANTS = {
    'last': np.array(LAST, 'i4'),
    'first': np.array(FIRST, 'i4'),
    'border': np.array([[0, 0], [0, 0], [1, 1], [1, 1]], 'i4'),
    'lowest': np.array(-np.inf, 'f2'),
    'kernel': KERNEL,
    'bias': BIAS,
    'size': np.array([6, 8], 'i4'),
    'channels': np.array(1, 'i4'),
    'halves': np.array([3, 1], 'i4'),
    'flat': np.array([1, 3, -1], 'i4'),
    'no_indices': np.zeros((0, 1), 'i4'),
    'no_values': np.zeros(0, 'i4'),
    'zero': np.array(0, 'i4'),
    'three': np.array([3], 'i4'),
    'swapped': np.array([0, 2, 1], 'i4'),
}
NODES = [
    ('Placeholder', 'image', []),
    ('Pad', 'padded', ['image', 'border']),
    ('Transpose', 'seen', ['padded', 'last']),
    ('Conv2D', 'conv', ['seen', 'kernel'], {'strides': TWO, 'dilations': ONE, 'padding': VALID}),
    ('Add', 'biased', ['conv', 'bias']),
    ('Transpose', 'back', ['biased', 'first']),
    ('LeakyRelu', 'leaky', ['back'], {'alpha': {'f': 0.1}}),
    ('PadV2', 'lower', ['leaky', 'border', 'lowest']),
    ('Transpose', 'seen_2', ['lower', 'last']),
    (
        *('MaxPool', 'pool', ['seen_2']),
        {'strides': TWO, 'ksize': {'list': {'i': ['1', '3', '3', '1']}}, 'padding': VALID},
    ),
    ('ResizeBilinear', 'large', ['pool', 'size'], HALF),
    ('Transpose', 'back_2', ['large', 'first']),
    ('Add', 'sum', ['back_2', 'leaky']),
    ('SplitV', 'parts', ['sum', 'halves', 'channels'], {}),
    ('Sigmoid', 'gate', ['parts:1']),
    ('ConcatV2', 'all', ['gate', 'parts', 'channels']),
    ('SplitV', 'again', ['all', 'halves', 'channels'], {}),
    ('SparseToDense', 'nothing', ['no_indices', 'three', 'no_values', 'zero']),
    ('AddV2', 'shape', ['flat', 'nothing']),
    ('Reshape', 'rows', ['again', 'shape']),
    ('Transpose', 'columns', ['rows', 'swapped']),
    ('Identity', 'out', ['columns']),
]


def write(folder, nodes=NODES):
    """A ``model.json`` and its weights."""
    entries = []
    for name, value in CONSTANTS.items():
        entry = {'name': name, 'shape': list(value.shape), 'dtype': value.dtype.name}
        if value.dtype == np.float16:
            entry |= {'dtype': 'float32', 'quantization': {'dtype': 'float16'}}
        entries.append(entry)
    graph = [
        {'op': op, 'name': name, 'input': inputs, 'attr': dict(*attr)}
        for op, name, inputs, *attr in nodes
    ]
    graph += [{'op': 'Const', 'name': name} for name in CONSTANTS]
    manifest = [{'paths': ['1.bin', '2.bin'], 'weights': entries}]
    content = {'modelTopology': {'node': graph}, 'weightsManifest': manifest}
    data = b''.join(value.tobytes() for value in CONSTANTS.values())
    (folder / '1.bin').write_bytes(data[:50])
    (folder / '2.bin').write_bytes(data[50:])
    (folder / 'model.json').write_text(json.dumps(content))
    return folder / 'model.json'


def convert(path):
    graph, constants = read_graph(path)
    converter = GraphConverter(constants, (1, 3, 12, 16))
    converter.convert(graph['modelTopology']['node'], 'image')
    return converter


def by_torch(image):
    kernel = torch.from_numpy(KERNEL.transpose(3, 2, 0, 1).astype('f4'))
    leaky = F.leaky_relu(F.conv2d(image, kernel, torch.from_numpy(BIAS.astype('f4')), 2, 1), 0.1)
    pooled = F.max_pool2d(leaky, 3, 2, 1)
    whole = F.interpolate(pooled, scale_factor=2, mode='bilinear', align_corners=False) + leaky
    joined = torch.cat([whole[:, 3:].sigmoid(), whole[:, :3]], 1)
    return joined[:, :3].reshape(1, 3, -1).transpose(1, 2)


def test_all_operations(tmp_path):
    converter = convert(write(tmp_path))
    converter.add('Identity', converter.stored('out'), outputs=['result'])
    session = onnxruntime.InferenceSession(
        converter.model('small', {'result': (1, 48, 3)}).SerializeToString()
    )
    image = RNG.normal(size=(1, 3, 12, 16)).astype('f4')
    (found,) = session.run(None, {'image': image})
    np.testing.assert_allclose(found, by_torch(torch.from_numpy(image)), atol=1e-5)


def test_only_the_last_transposition_is_carried_out(tmp_path):
    converter = convert(write(tmp_path))
    converter.stored('out')
    assert [node.op_type for node in converter.nodes].count('Transpose') == 1


@pytest.mark.parametrize(
    ('nodes', 'message'),
    [
        ([('Placeholder', 'x', []), ('Erf', 'y', ['x'])], 'y: no operation Erf'),
        (
            [
                ('Placeholder', 'x', []),
                ('Pad', 'p', ['x', 'border']),
                ('LeakyRelu', 'y', ['p'], {'alpha': {'f': 1}}),
            ],
            'only windows are padded',
        ),
    ],
)
def test_other_graphs_are_refused(tmp_path, nodes, message):
    with pytest.raises(NotImplementedError, match=message):
        convert(write(tmp_path, nodes))
