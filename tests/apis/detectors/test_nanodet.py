"""The detector of the package: the original network's outputs, real images, odd shapes."""

from __future__ import annotations

import hashlib
import json
import math

import cv2
import numpy as np
import pytest
import skimage.data
from locations import ROOT

from mroi_plugin.apis.detectors import nanodet
from mroi_plugin.apis.detectors.nanodet import MODEL, NanoDetDetector, windows
from mroi_plugin.apis.detectors.overlap import intersection_over_union
from mroi_plugin.apis.inferencer import Inferencer
from mroi_plugin.apis.inputs import iterate_images, read_image

REFERENCE = ROOT / 'tests' / 'data' / 'person_detector_reference.json'
ASTRONAUT = np.array([21.0, 15, 341, 497])
"""Her box x, y, w, h px, as tests/data/real_images.json has it."""


@pytest.fixture(scope='module')
def detector():
    return NanoDetDetector()


def find(detector, pixels):
    (image,) = iterate_images(pixels)
    return detector(image)


def cell_of(index):
    """Center x, y and stride px of a cell: rows of strides 8, then 16, then 32."""
    for stride in (8, 16, 32):
        count = 416 // stride
        if index < count * count:
            return (index % count + 0.5) * stride, (index // count + 0.5) * stride, stride
        index -= count * count
    raise AssertionError


def expectation(logits):
    weights = [math.exp(value) for value in logits]
    return sum(i * weight for i, weight in enumerate(weights)) / sum(weights)


def test_outputs_are_those_of_the_original_network():
    """The best cells of TensorFlow.js; tests/data/README.md says how they were made."""
    reference = json.loads(REFERENCE.read_text())
    net = cv2.dnn.readNetFromONNX(str(MODEL))
    net.setInput(cv2.dnn.blobFromImage(skimage.data.astronaut()[:416, :416], swapRB=True))
    boxes, scores = net.forward(['boxes', 'scores'])
    for row in reference:
        np.testing.assert_allclose(scores[row['cell']], [row['person'], row['other']], atol=1e-4)
        x, y, stride = cell_of(row['cell'])
        left, top, right, bottom = (
            stride * expectation(row['bins'][11 * side : 11 * side + 11]) for side in range(4)
        )
        expected = [x - left, y - top, x + right, y + bottom]
        np.testing.assert_allclose(boxes[row['cell']], expected, atol=0.02)
    best = np.argsort(-scores[:, 0])[: len(reference)]
    assert set(best.tolist()) == {row['cell'] for row in reference}


def test_a_person(detector):
    boxes, scores = find(detector, skimage.data.astronaut())
    assert intersection_over_union(boxes, ASTRONAUT[None]).ravel() > 0.9
    assert scores > 0.7


@pytest.mark.parametrize('name', ['coffee', 'chelsea', 'rocket', 'page', 'coins'])
def test_images_without_persons(detector, name):
    boxes, scores = find(detector, getattr(skimage.data, name)())
    assert boxes.shape == (0, 4) and scores.shape == (0,)


def test_gray_images(detector):
    gray = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2GRAY)
    boxes, _ = find(detector, gray)
    assert intersection_over_union(boxes, ASTRONAUT[None]).ravel() > 0.9


@pytest.mark.parametrize(('width', 'height'), [(1600, 400), (400, 1600)])
def test_a_small_person_at_the_end_of_a_long_image(detector, width, height):
    """26 px wide where the network sees the whole image, 104 px in the square at the end."""
    pixels = np.full((height, width, 3), 190, np.uint8)
    small = cv2.resize(skimage.data.astronaut(), (100, 100), interpolation=cv2.INTER_AREA)
    pixels[-100:, -100:] = small
    boxes, scores = find(detector, pixels)
    expected = ASTRONAUT * 100 / 512 + [width - 100, height - 100, 0, 0]
    assert len(boxes) == 1 and scores > 0.5
    assert intersection_over_union(boxes, expected[None]).ravel() > 0.8


def test_persons_that_a_square_cuts_are_those_of_the_whole_image(detector):
    """One at the middle of a wide image lies in both squares, in neither of them whole."""
    pixels = np.full((512, 900, 3), 190, np.uint8)
    pixels[:, 194:706] = skimage.data.astronaut()
    boxes, _ = find(detector, pixels)
    assert len(boxes) == 1
    assert intersection_over_union(boxes, ASTRONAUT[None] + [194, 0, 0, 0]).ravel() > 0.85


def test_windows():
    assert windows((500, 450)).tolist() == [[0, 0, 500, 450]]
    assert windows((90, 40)).tolist() == [[0, 0, 90, 40], [0, 0, 40, 40], [50, 0, 90, 40]]
    assert windows((40, 90)).tolist() == [[0, 0, 40, 90], [0, 0, 40, 40], [0, 50, 40, 90]]


@pytest.mark.parametrize('shape', [(1, 1), (1, 500), (2000, 3), (3, 2000), (64, 128), (3000, 3000)])
def test_odd_images(detector, shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert find(detector, noise)[0].shape == (0, 4)


def test_boxes_lie_in_the_image_and_the_best_come_first(people):
    """With a threshold that lets much pass, on rendered people."""
    detector = NanoDetDetector(score_threshold=0.1, nms_threshold=0.6)
    for i in range(len(people)):
        image = read_image(people.path(i))
        boxes, scores = detector(image)
        assert len(boxes) and (np.diff(scores) <= 0).all() and (scores > 0.1).all()
        assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] >= 1).all()
        assert (boxes[:, :2] + boxes[:, 2:] <= np.add(image.size, 1e-6)).all()


def test_overlapping_boxes_are_one_person():
    image = skimage.data.astronaut()
    few, many = (find(NanoDetDetector(0.3, nms), image)[0] for nms in (0.5, 0.99))
    assert len(few) == 1 < len(many)


def test_the_file_is_the_one_that_is_described():
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert f'`{MODEL.name}` | `{digest}`' in (MODEL.parents[1] / 'README.md').read_text()
    assert MODEL.stat().st_size < 10e6


@pytest.mark.parametrize('option', ['score_threshold', 'nms_threshold'])
def test_thresholds_are_shares(option):
    with pytest.raises(ValueError, match=rf'{option}=1.5: expected a number from 0 to 1'):
        NanoDetDetector(**{option: 1.5})


def test_it_is_the_default(inferencer):
    (result,) = inferencer(skimage.data.astronaut())
    (person,) = result.instances
    assert intersection_over_union(person.bbox[None], ASTRONAUT[None]).ravel() > 0.9


def test_given_boxes_need_no_detector(config, checkpoint, tmp_path, monkeypatch):
    """OpenCV 4.6 cannot read the network, as it cannot read this file."""
    (tmp_path / 'unreadable.onnx').write_bytes(b'unreadable')
    monkeypatch.setattr(nanodet, 'MODEL', tmp_path / 'unreadable.onnx')
    inferencer = Inferencer(config, checkpoint, 'cpu')
    (result,) = inferencer(skimage.data.astronaut(), boxes=[ASTRONAUT])
    assert len(result.instances) == 1
    with pytest.raises(ImportError, match=r'OpenCV 4\.\S+ cannot read .+; expected 4\.7 or newer'):
        inferencer(skimage.data.astronaut())
