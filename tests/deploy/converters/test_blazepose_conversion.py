"""TFLite files of BlazePose's kind become the same network in torch."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from mroi_plugin.deploy.converters.blazepose import convert_blazepose
from mroi_plugin.models.backbones.blazepose import load_network

pytest.importorskip('tflite')
from tflite_files import TFLiteWriter  # noqa: E402

SAME, VALID, NONE, RELU6 = 0, 1, 0, 3
PIXEL = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
CHANNELS = np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32)
NAMES = ('landmarks', 'presence', 'mask', 'heatmap', 'world')


def convolved(x, weight, bias, stride=1, padding=(0, 0), depthwise=False):
    """TFLite's convolution of (h, w, C), one number after the other."""
    x = np.pad(x, (padding, padding, (0, 0)))
    k = weight.shape[1]
    side = (len(x) - k) // stride + 1
    out = np.zeros((side, side, len(bias)))
    for i, j in np.ndindex(side, side):
        window = x[i * stride : i * stride + k, j * stride : j * stride + k]
        for c in range(len(bias)):
            read = window[..., c] * weight[0, ..., c] if depthwise else window * weight[c]
            out[i, j, c] = read.sum() + bias[c]
    return out


def doubled(x):
    """Bilinear resizing of (h, w, C) to twice its size, pixel centers at halves."""
    at = np.clip((np.arange(2 * len(x)) + 0.5) / 2 - 0.5, 0, len(x) - 1)
    low = np.floor(at).astype(int)
    high, part = np.minimum(low + 1, len(x) - 1), at - low
    x = x[low] * (1 - part)[:, None, None] + x[high] * part[:, None, None]
    return x[:, low] * (1 - part)[None, :, None] + x[:, high] * part[None, :, None]


class Example:
    """A network with every operation, as a file and as what it should compute for one crop."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.writer = writer = TFLiteWriter((1, 8, 8, 3))
        self.crop = self.rng.random((8, 8, 3), np.float32)
        padded = writer.add('PAD', [0, writer.constant(PIXEL)], (1, 10, 10, 3))
        a, x = self.conv(padded, self.crop, 4, 3, 4, RELU6, stride=2, padding=(1, 1), code=VALID)
        b, y = self.conv(a, x, 4, 3, 2, NONE, stride=2, padding=(0, 1), code=SAME, depthwise=True)
        b, y = self.conv(b, y, 6, 1, 2, NONE)
        options = {'FilterHeight': 2, 'FilterWidth': 2, 'StrideH': 2, 'StrideW': 2, 'Padding': 1}
        pooled = writer.add('MAX_POOL_2D', [a], (1, 2, 2, 4), 'Pool2DOptions', **options)
        pooled = writer.add('PAD', [pooled, writer.constant(CHANNELS)], (1, 2, 2, 6))
        x = np.pad(x.reshape(2, 2, 2, 2, 4).max((1, 3)), ((0, 0), (0, 0), (0, 2)))
        last = writer.add(
            'ADD', [pooled, b], (1, 2, 2, 6), 'AddOptions', FusedActivationFunction=RELU6
        )
        x = np.clip(x + y, 0, 6)
        size = writer.constant(np.array([4, 4], np.int32))
        large = writer.add(
            *('RESIZE_BILINEAR', [last, size], (1, 4, 4, 6), 'ResizeBilinearOptions'),
            HalfPixelCenters=True,
        )
        heatmap = self.conv(large, doubled(x), 39, 1, 4, NONE)
        mask = self.conv(large, doubled(x), 1, 1, 4, NONE)
        flat = {name: self.conv(last, x, n, 2, 1, NONE, code=VALID)
                for name, n in (('landmarks', 195), ('world', 117), ('presence', 1))}  # fmt: skip
        score = writer.add('LOGISTIC', [flat['presence'][0]], (1, 1, 1, 1))
        flat['presence'] = score, 1 / (1 + np.exp(-flat['presence'][1]))
        flat = {name: (self.flattened(tensor), value) for name, (tensor, value) in flat.items()}
        found = {**flat, 'heatmap': heatmap, 'mask': mask}
        self.expected = {'map': x, **{name: found[name][1] for name in NAMES}}
        self.content = writer.content([found[name][0] for name in NAMES])

    def conv(self, tensor, x, out, k, side, activation, stride=1, padding=(0, 0), code=SAME,
             depthwise=False):  # fmt: skip
        shape = (1, k, k, out) if depthwise else (out, k, k, x.shape[-1])
        weight = self.rng.normal(size=shape).astype(np.float16)
        bias = self.rng.normal(size=out).astype(np.float16)
        inputs = [tensor, self.writer.constant(weight), self.writer.constant(bias)]
        kind = 'DepthwiseConv2DOptions' if depthwise else 'Conv2DOptions'
        options = {'Padding': code, 'StrideH': stride, 'StrideW': stride}
        options |= {'FusedActivationFunction': activation}
        options |= {'DepthMultiplier': 1} if depthwise else {}
        name = 'DEPTHWISE_CONV_2D' if depthwise else 'CONV_2D'
        result = self.writer.add(name, inputs, (1, side, side, out), kind, **options)
        y = convolved(x, weight.astype(float), bias.astype(float), stride, padding, depthwise)
        return result, np.clip(y, 0, 6) if activation == RELU6 else y

    def flattened(self, tensor):
        channels = self.writer.tensors[tensor][0][-1]
        shape = self.writer.constant(np.array([1, channels], np.int32))
        return self.writer.add('RESHAPE', [tensor, shape], (1, channels))


@pytest.fixture(scope='module')
def example():
    return Example()


@pytest.fixture
def converted(example, tmp_path):
    (tmp_path / 'pose.tflite').write_bytes(example.content)
    convert_blazepose(tmp_path / 'pose.tflite', tmp_path / 'pose.safetensors')
    return tmp_path / 'pose.safetensors'


def test_every_operation(example, converted):
    network = load_network(converted, list(example.expected)).double()
    crop = torch.from_numpy(example.crop).permute(2, 0, 1)[None].double()
    for value, (name, expected) in zip(network([crop]), example.expected.items()):
        expected = torch.from_numpy(np.array(expected))
        torch.testing.assert_close(value[0].permute(1, 2, 0), expected, msg=name)


def test_weights_stay_as_they_are_and_the_source_is_named(example, converted):
    with safe_open(str(converted), 'pt') as file:
        about = json.loads(file.metadata()['network'])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    assert weights['0.weight'].permute(0, 2, 3, 1).numpy().tobytes() == (
        example.writer.buffers[2].tobytes()
    )
    assert about['sha256'] == hashlib.sha256(example.content).hexdigest()
    assert about['license'] == 'Apache-2.0' and about['source'].startswith('pose.tflite of npm')
    assert set(about['outputs']) == {'map', *NAMES}


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('TANH', {}, 'operation 0 is TANH; expected one of'),
        ('ADD', {'FusedActivationFunction': 1}, 'activation 1 is not known'),
        ('ADD', {'FusedActivationFunction': 0}, 'no output has 195 numbers'),
    ],
)
def test_files_of_other_networks(name, options, message, tmp_path):
    writer = TFLiteWriter((1, 8, 8, 3))
    kind = 'AddOptions' if options else None
    writer.add(name, [0, 0], (1, 8, 8, 3), kind, **options)
    (tmp_path / 'other.tflite').write_bytes(writer.content([1]))
    with pytest.raises(ValueError, match=message):
        convert_blazepose(tmp_path / 'other.tflite', tmp_path / 'other.safetensors')
    assert not (tmp_path / 'other.safetensors').exists()
