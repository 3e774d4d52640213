"""Boxes that the user gives: of all images or by name, in pixels, with a report of the rest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
from mroi_plugin.apis.inputs import InputImage

BOXES = np.array([[1.0, 2, 30, 40], [5, 6, 70, 80]])
CORNERS = np.array([[200.0, 100, 500, 460], [10, 20, 90, 300]])


def image(name, size=(640, 480)):
    return InputImage(name, size, np.zeros((size[1], size[0], 3), np.uint8))


def test_boxes_for_all_images():
    given = GivenBoxes(BOXES)
    boxes, scores = given(image('any.jpg'))
    np.testing.assert_array_equal(boxes, BOXES)
    assert scores.tolist() == [1, 1] and given.used and given.report() == []


def test_boxes_by_name():
    named = GivenBoxes({'x/a.jpg': BOXES[0], 'b': np.hstack([BOXES, [[0.5], [0.6]]]), 'd': []})
    assert len(named(image('/data/x/a.jpg'))[0]) == 1
    assert named(image('y/b.png'))[1].tolist() == [0.5, 0.6]
    assert named(image('c.jpg'))[0].shape == named(image('d.jpg'))[0].shape == (0, 4)
    assert named.report() == []


@pytest.mark.parametrize('kind', [str, Path])
def test_boxes_of_a_file(tmp_path, kind):
    rows = [{'image_id': name, 'bbox': [1, 2, 30, 40]} for name in ('a', 'b', 'b', *'cdef')]
    (tmp_path / 'b.json').write_text(json.dumps(rows))
    given = GivenBoxes(kind(tmp_path / 'b.json'))
    assert not given.used and len(given(image('a.jpg'))[0]) == 1 and given.used
    (line,) = given.report()
    assert line == (
        f"{tmp_path / 'b.json'} (boxes): 6 boxes of 5 of 6 names meet no image: 'b', 'c', 'd' and "
        '2 more.'
    )


@pytest.mark.parametrize(
    ('content', 'found'),
    [
        (BOXES.tolist(), [2, 2]),
        ({'x/a.jpg': BOXES.tolist(), 'b': []}, [2, 0]),
        ({'b': [[1, 2, 30, 40, 0.5]]}, [0, 1]),
        ({'a': [1, 2, 30, 40], 'b': []}, [1, 0]),
        ([1, 2, 30, 40], [1, 1]),
        ({'a': [], 'b': []}, [0, 0]),
    ],
)
def test_plain_boxes_of_a_file(content, found, tmp_path):
    (tmp_path / 'b.json').write_text(json.dumps(content))
    given = GivenBoxes(str(tmp_path / 'b.json'))
    assert [len(given(image(name))[0]) for name in ('/data/x/a.jpg', 'y/b.png')] == found
    assert given.report() == []


@pytest.mark.parametrize('content', [{}, [], {'a': 3}, {'a': [True]}, {'a': [[]]}, [[]], [['1']]])
def test_what_is_no_plain_boxes(content, tmp_path):
    (tmp_path / 'b.json').write_text(json.dumps(content))
    if content == []:
        assert 'it holds no box of a person' in GivenBoxes(tmp_path / 'b.json').report()[0]
        return
    with pytest.raises(ValueError, match=r'b\.json \(boxes\): .*; expected COCO annotations'):
        GivenBoxes(tmp_path / 'b.json')


def test_nothing_used_is_said():
    given = GivenBoxes({'x/a.jpg': BOXES})
    assert len(given(image('/y/a.jpg'))[0]) == 0 and not given.used
    assert given.report()[-1] == 'boxes: no box was used.'


def test_paths_of_another_machine_are_said():
    given = GivenBoxes({'C:\\data\\x\\a.jpg': BOXES})
    assert len(given(image('/y/x/a.jpg'))[0]) == 2
    (line,) = given.report()
    assert '1 names are paths that are not on this machine' in line


def test_corners_are_warned_of():
    given = GivenBoxes({'a': CORNERS[:1], 'b': CORNERS[1:]})
    given(image('a.jpg')), given(image('b.jpg'))
    (line,) = given.report()
    assert '1 of 2 boxes leave their images as x, y, w, h' in line and 'subtract x1, y1' in line


def test_boxes_that_leave_the_image_alone_are_no_corners():
    given = GivenBoxes({'a': [[200, 100, 500, 460], [300, 20, 90, 300], [np.nan] * 4]})
    given(image('a.jpg'))
    assert given.report() == []


@pytest.mark.parametrize(
    'boxes', [[[0.1, 0.2, 0.3, 0.4]], [[0, 0, 1.2, 1]], [[0.1] * 4, [np.nan] * 4]]
)
def test_fractions_are_refused(boxes):
    for given in (np.array(boxes), {'a': boxes}):
        with pytest.raises(ValueError, match=r'boxes: all lie within 0 and .*fractions of the im'):
            GivenBoxes(given)


def test_one_tiny_box_among_others_is_left_to_its_image():
    GivenBoxes([[0.1, 0.2, 0.3, 0.4], [1, 2, 30, 40]])
    GivenBoxes([[0, 0, 0, 0]])


@pytest.mark.parametrize(
    ('boxes', 'message'),
    [
        ({'a.jpg': [[1, 2, 3]]}, r"'a.jpg': an array of shape \(1, 3\); expected \(n, 4\)"),
        ({'a.jpg': [[1, 2, 3, 4], [1]]}, "boxes of 'a.jpg'"),
        ({'a.jpg': 'b'}, "boxes of 'a.jpg'"),
        ({'a.jpg': None}, "boxes of 'a.jpg'"),
        (np.zeros((2, 2, 4)), 'expected'),
    ],
)
def test_arrays_of_another_form(boxes, message):
    with pytest.raises(ValueError, match=message):
        GivenBoxes(boxes)
