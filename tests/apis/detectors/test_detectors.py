"""Who is in an image by a network of transformers; overlap of boxes."""

from __future__ import annotations

import numpy as np
import pytest
from versions import needs_torch_2

from mroi_plugin.apis.detectors.hugging_face import HuggingFaceDetector
from mroi_plugin.apis.detectors.overlap import intersection_over_union
from mroi_plugin.apis.inputs import InputImage


def image(name):
    return InputImage(name, (100, 100), np.zeros((100, 100, 3), np.uint8))


@needs_torch_2
def test_hugging_face_is_an_extra(tmp_path):
    transformers = pytest.importorskip('transformers')
    config = transformers.YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[64, 64],
        num_detection_tokens=5,
        id2label={0: 'person', 1: 'dog'},
        label2id={'person': 0, 'dog': 1},
    )
    transformers.YolosForObjectDetection(config).save_pretrained(tmp_path)
    transformers.YolosImageProcessor(size={'height': 64, 'width': 64}).save_pretrained(tmp_path)
    detector = HuggingFaceDetector(str(tmp_path), threshold=0.0)
    boxes, scores = detector(image('a.jpg'))
    assert boxes.shape == (len(scores), 4) and len(scores) <= 5 and (np.diff(scores) <= 0).all()


def test_without_transformers_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'transformers', None)
    with pytest.raises(ImportError, match=r'mroi_plugin\[transformers\]'):
        HuggingFaceDetector('some/model')


def test_overlap():
    a = np.array([[0.0, 0, 10, 10], [20, 20, 5, 5]])
    b = np.array([[5.0, 0, 10, 10], [0, 0, 10, 10]])
    np.testing.assert_allclose(intersection_over_union(a, b), [[1 / 3, 1], [0, 0]])
