"""Who is in an image: given boxes, a network of transformers; persons followed by their boxes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from versions import needs_torch_2

from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
from mroi_plugin.apis.detectors.hugging_face import HuggingFaceDetector
from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.apis.trackers.overlap_tracker import Tracks, intersection_over_union

BOXES = np.array([[1.0, 2, 30, 40], [5, 6, 70, 80]])


def image(name):
    return InputImage(name, (100, 100), np.zeros((100, 100, 3), np.uint8))


def write(path, content):
    path.write_text(json.dumps(content))
    return str(path)


def test_boxes_for_all_images_or_by_name():
    boxes, scores = GivenBoxes(BOXES)(image('any.jpg'))
    np.testing.assert_array_equal(boxes, BOXES)
    assert scores.tolist() == [1, 1]
    named = GivenBoxes({'x/a.jpg': BOXES[0], 'b': np.hstack([BOXES, [[0.5], [0.6]]])})
    assert len(named(image('x/a.jpg'))[0]) == 1 and len(named(image('/data/x/a.jpg'))[0]) == 1
    assert named(image('y/b.png'))[1].tolist() == [0.5, 0.6]
    assert named(image('c.jpg'))[0].shape == (0, 4)


def test_coco_annotations_and_detections(tmp_path):
    annotations = {
        'images': [{'id': 7, 'file_name': 'a.jpg'}, {'id': 8, 'file_name': 'b.jpg'}],
        'annotations': [
            {'image_id': 7, 'category_id': 1, 'bbox': [1, 2, 3, 4]},
            {'image_id': 7, 'category_id': 1, 'bbox': [5, 6, 7, 8]},
            {'image_id': 8, 'category_id': 3, 'bbox': [0, 0, 9, 9]},
        ],
    }
    given = GivenBoxes(write(tmp_path / 'a.json', annotations))
    assert given(image('/data/a.jpg'))[0].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert len(given(image('b.jpg'))[0]) == 0
    detections = [{'image_id': 42, 'category_id': 1, 'bbox': [1, 2, 3, 4], 'score': 0.25}]
    given = GivenBoxes(write(tmp_path / 'd.json', detections))
    assert given(image('/data/42.jpg'))[1].tolist() == [0.25]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{', 'is no JSON'),
        ('{"images": []}', "KeyError 'annotations'"),
        ('[{"bbox": [1, 2, 3, 4]}]', 'image_id'),
        ('[{"image_id": 1, "bbox": [1, 2, 3]}]', 'expected'),
        ('[{"image_id": 1, "bbox": ["a", 2, 3, 4]}]', 'expected COCO'),
        ('3', 'expected COCO'),
    ],
)
def test_bad_box_files(tmp_path, content, message):
    (tmp_path / 'b.json').write_text(content)
    with pytest.raises(ValueError, match=message):
        GivenBoxes(str(tmp_path / 'b.json'))


def test_no_box_file():
    with pytest.raises(FileNotFoundError, match=r'nothing\.json \(boxes\): no such file'):
        GivenBoxes('nothing.json')


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


def test_persons_keep_their_numbers():
    """They move, change their order, and one is hidden for a while."""
    tracks = Tracks()
    first, second = np.array([0.0, 0, 20, 40]), np.array([100.0, 0, 20, 40])
    assert tracks.update(np.stack([first, second])) == [0, 1]
    for step in range(1, 15):
        moved = [second - np.array([3 * step, 0, 0, 0]), first + np.array([2 * step, 0, 0, 0])]
        if step == 5:
            assert tracks.update(moved[1][None]) == [0]
            continue
        assert tracks.update(np.stack(moved)) == [1, 0]
    assert tracks.update(np.array([[500.0, 500, 20, 40]])) == [2]
    assert tracks.update(np.zeros((0, 4))) == []
