"""The camera of an image: given in pixels and by name, else from the file, else assumed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mroi_plugin.apis.given_camera import GivenCamera
from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.datasets.sample_errors import InvalidSampleError

SIZE = (640, 480)


def image(name='/d/x/a.jpg', focal_length=None, frame=None):
    return InputImage(name, SIZE, np.zeros((480, 640, 3), np.uint8), focal_length, frame)


def matrix(f=500.0, cx=320.0, cy=240.0):
    return np.array([[f, 0, cx], [0, f, cy], [0, 0, 1]])


def test_the_best_that_is_known():
    assert GivenCamera()(image())[0] == 800 and GivenCamera()(image(focal_length=700))[0] == 700
    assert GivenCamera(600)(image(focal_length=700))[0] == 600
    focal, center = GivenCamera(600, matrix(500, 300))(image())
    assert focal == 500 and center.tolist() == [300, 240]


@pytest.mark.parametrize('name', ['/d/x/a.jpg', 'x/a.jpg', 'a.jpg', 'a', 'x\\a.jpg'])
def test_matrices_by_name(name):
    camera = GivenCamera(None, {name: matrix()})
    assert camera(image())[0] == 500
    assert camera(image('/d/x/b.jpg'))[0] == 800
    assert camera.report() == []


def test_matrices_of_videos_and_their_frames():
    camera = GivenCamera(None, {'v.mp4': matrix(), 'v.mp4#1': matrix(400)})
    found = [camera(image(f'/d/v.mp4#{i:06d}', frame=i))[0] for i in range(3)]
    assert found == [500, 400, 500]


def test_unused_matrices_are_told():
    camera = GivenCamera(None, {'y/a.jpg': matrix(), 'b': matrix()})
    assert camera(image())[0] == 800
    (line,) = camera.report()
    assert "2 of 2 names meet no image: 'y/a.jpg', 'b'. Drop" in line


def test_matrices_of_a_file(tmp_path):
    path = tmp_path / 'k.json'
    path.write_text(json.dumps({'x/a.jpg': matrix().tolist(), 'b': matrix(400).tolist()}))
    camera = GivenCamera(None, str(path))
    assert camera(image())[0] == 500
    (line,) = camera.report()
    assert "k.json (cameras): 1 of 2 names meet no image: 'b'" in line
    path.write_text(json.dumps(matrix(400).tolist()))
    assert GivenCamera(None, path)(image())[0] == 400


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{', 'is no JSON'),
        ('null', 'of shape'),
        ('{"a": 3}', "'a': an array of shape"),
        ('[[1' + '0' * 400 + ']]', 'too large'),
        ('{"a": [["b"]]}', "'a': could not convert"),
    ],
)
def test_files_of_another_form(tmp_path, text, message):
    (tmp_path / 'k.json').write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        GivenCamera(None, tmp_path / 'k.json')
    assert str(error.value).startswith(f'{tmp_path}/k.json (cameras)')


@pytest.mark.parametrize(
    ('focal', 'given', 'message'),
    [
        (1.2, None, 'focal_length=1.2: expected pixels, at least 10'),
        ('long', None, "focal_length='long': expected a number"),
        (float('inf'), None, 'expected pixels above 0'),
        (None, {'a': matrix(1.2, 0.5, 0.5)}, "'a': the focal lengths are .* normalized matrix"),
        (None, {'a': matrix(-500)}, "'a': an array of shape"),
        (None, {'a': matrix().T}, r"'a': its last row is \[320.0, 240.0, 1.0\], expected 0, 0, 1"),
        (None, {'a': matrix() * 2}, 'expected 0, 0, 1'),
        (None, {'a': [[500, 0, 320], [0, 500], [0, 0, 1]]}, "'a': "),
        (None, {'a': None}, "'a': an array of shape"),
        (None, {1: matrix(), '1': matrix()}, 'as a number and as a text'),
        (None, {}, 'an object with nothing; expected a matrix'),
        (None, {'K': matrix()}, "an object with 'K'; expected a matrix"),
        (None, matrix() * [[1, 1, 1], [1, 1.03, 1], [1, 1, 1]], 'one focal length and no skew'),
        (
            None,
            np.add(matrix(), [[0, 30, 0], [0, 0, 0], [0, 0, 0]]),
            'one focal length and no skew',
        ),
        (
            None,
            np.add(matrix(), [[0, 0, 0], [30, 0, 0], [0, 0, 0]]),
            'one focal length and no skew',
        ),
    ],
)
def test_wrong_forms_are_refused_at_once(focal, given, message):
    with pytest.raises(ValueError, match=message):
        GivenCamera(focal, given)


@pytest.mark.parametrize(
    ('focal', 'given', 'message'),
    [
        (50, None, 'the focal length is 50, expected between 64 and 6.4e.05 px of the 640x480'),
        (1e20, None, 'the focal length is 1e.20'),
        (None, matrix(50), 'the focal length is 50'),
        (None, matrix(500, 0.5, 0.5), r'the principal point is \(0.5, 0.5\), expected pixels'),
    ],
)
def test_cameras_that_no_such_image_has(focal, given, message):
    with pytest.raises(InvalidSampleError, match=message):
        GivenCamera(focal, given)(image())
