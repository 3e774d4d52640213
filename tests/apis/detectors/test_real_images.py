"""The marks of real images are as tests/data/README.md says, and their people are found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from locations import ROOT

from mroi_plugin.apis.detectors.nanodet import NanoDetDetector
from mroi_plugin.apis.detectors.overlap import intersection_over_union
from mroi_plugin.apis.inputs import read_image

MARKS = json.loads((ROOT / 'tests' / 'data' / 'real_images.json').read_text())
PARTS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
JOINTS = {'nose', *(f'{side}_{part}' for side in ('right', 'left') for part in PARTS)}
OWN = [marks for marks in MARKS if 'scikit-image' in marks['source']]


def name(marks):
    return marks['file']


@pytest.mark.parametrize('marks', MARKS, ids=name)
def test_form(marks):
    assert set(marks) == {'file', 'source', 'sha256', 'size', 'people', 'unmarked'}
    assert marks['source'].endswith(f'/{marks["file"]}')
    for box in (*(person['box'] for person in marks['people']), *marks['unmarked']):
        assert (box[0], box[1]) >= (0, 0) and box[0] < box[2] and box[1] < box[3]
        assert box[2] <= marks['size'][0] and box[3] <= marks['size'][1]
    for person in marks['people']:
        assert set(person) == {'box', 'joints'} and set(person['joints']) <= JOINTS
        x, y = np.reshape(list(person['joints'].values()), (-1, 2)).T
        x1, y1, x2, y2 = person['box']
        assert ((x > x1) & (x < x2) & (y > y1) & (y < y2)).all()


def test_there_are_people_enough():
    people = [person for marks in MARKS for person in marks['people']]
    assert sum(bool(person['joints']) for person in people) >= 10
    assert {joint for person in people for joint in person['joints']} == JOINTS


@pytest.mark.parametrize('marks', OWN, ids=name)
def test_people_of_scikit_image(marks):
    path = Path(skimage.data.__file__).parent / marks['file']
    if hashlib.sha256(path.read_bytes()).hexdigest() != marks['sha256']:
        pytest.skip(f'{path} is of another version of scikit-image')
    image = read_image(str(path))
    assert list(image.size) == marks['size']
    boxes, _ = NanoDetDetector()(image)
    assert len(boxes) == len(marks['people'])
    for box, person in zip(boxes, marks['people']):
        x1, y1, x2, y2 = person['box']
        marked = np.array([[x1, y1, x2 - x1, y2 - y1]])
        assert intersection_over_union(box[None], marked) > 0.85
