"""Boxes and focal lengths that an image can have, judged alike by training and inference."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from mroi_plugin.apis.given_camera import GivenCamera
from mroi_plugin.apis.inputs import read_image
from mroi_plugin.datasets.pixel_checks import (
    box_problem,
    center_problem,
    could_be_corners,
    focal_problem,
    size_problem,
    sticks_out_unless_corners,
)
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.loading import LoadImage

SIZE = np.array([640.0, 480.0])


@pytest.mark.parametrize(
    ('box', 'problem'),
    [
        ((10, 20, 30, 40), None),
        ((-100, -100, 101, 101), None),
        ((-5e3, -5e3, 12800, 12800), None),
        ((0, 0, 2, 2), None),
        ((0, 0, 1, 1), 'expected between 2'),
        ((0, 0, 50, 1.9), 'expected between 2'),
        ((10, 20, 0, 40), 'expected between 2 and 12800 px of the 640x480 image'),
        ((10, 20, 30, -4), 'expected between'),
        ((-5e8, -5e8, 1e9, 1e9), r'the box is 1e\+09 x 1e\+09 px'),
        ((np.nan, 20, 30, 40), 'the box is nan, 20, 30, 40, expected finite'),
        ((10, 20, 30, np.inf), 'expected finite'),
        ((640, 20, 30, 40), 'lies outside the 640x480 image'),
        ((10, -40, 30, 40), 'lies outside'),
    ],
)
def test_boxes(box, problem):
    found = box_problem(np.array(box, float), SIZE)
    if problem is None:
        assert found is None
    else:
        assert re.search(problem, found)


def test_focal_lengths():
    for focal in (64, 500, 640000):
        assert focal_problem(focal, SIZE) is None
    for focal in (63, 1.2, 0, -500, 1e20, float('nan'), float('inf')):
        assert 'expected between 64 and 6.4e+05 px' in focal_problem(focal, SIZE)


def test_principal_points():
    for center in ((320, 240), (0, 0.4 + 1), (-100, -50), (-100, 900), (640 * 15, 240)):
        assert center_problem(np.array(center, float), SIZE) is None
    for center in ((0.5, 0.5), (0, 0), (1, 1), (2e4, 240), (320, -1e5)):
        assert '640x480 image' in center_problem(np.array(center, float), SIZE)


def test_sizes():
    for size in ((640, 480), (644, 478), (0, 0)):
        assert size_problem(np.array(size, float), SIZE) is None
    for size in ((480, 640), (1280, 960), (640, 500)):
        assert 'annotated as one of' in size_problem(np.array(size, float), SIZE)


def test_corners():
    boxes = np.array(
        [[200.0, 100, 500, 460], [10, 20, 90, 300], [300, 20, 90, 300], [1, 2, 700, 9]]
    )
    assert could_be_corners(boxes, SIZE).tolist() == [True, True, False, False]
    assert sticks_out_unless_corners(boxes, SIZE, 1.05).tolist() == [True, False, False, False]
    assert not sticks_out_unless_corners(boxes, SIZE, 1.5).any()


@pytest.mark.parametrize('focal', [1.2, 500.0, 1e20])
@pytest.mark.parametrize('box', [(10, 20, 30, 40), (-5e8, -5e8, 1e9, 1e9), (640, 20, 30, 40)])
def test_training_and_inference_agree(tmp_path, box, focal):
    path, box = str(tmp_path / 'a.jpg'), np.array(box, float)
    cv2.imwrite(path, np.zeros((480, 640, 3), np.uint8))
    sample = {'image_path': path, 'box_center': box[:2] + box[2:] / 2, 'box_size': box[2:]}
    problem = box_problem(box, SIZE)
    if problem is None and focal != 500:
        problem = focal_problem(focal, SIZE)
        with pytest.raises(ValueError, match='expected'):
            GivenCamera(focal)(read_image(path))
    if problem is None:
        assert LoadImage()({**sample, 'focal_length': focal})['focal_length'] == focal
        return
    with pytest.raises(InvalidSampleError) as error:
        LoadImage()({**sample, 'focal_length': focal})
    assert problem in str(error.value)
