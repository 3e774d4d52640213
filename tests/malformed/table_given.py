"""Files of boxes that are of no form that is read, and given cameras that are not in pixels."""

from __future__ import annotations

import json

import numpy as np

from mroi_plugin.apis.detectors.given_boxes import GivenBoxes
from mroi_plugin.apis.given_camera import GivenCamera

BOX = [1, 2, 30, 40]


def entry(image_id=7, **more):
    return {'image_id': image_id, 'category_id': 1, 'bbox': BOX, **more}


def annotations(*entries, **more):
    return {'images': [{'id': 7, 'file_name': 'a.jpg'}], 'annotations': list(entries), **more}


CORNERS = {'x1': 1, 'y1': 2, 'x2': 3, 'y2': 4}
FORMS = {
    'no json': ('{', 'is no JSON'),
    'nothing': ('', 'is no JSON'),
    'deeply nested': ('[' * 100000, 'is no JSON'),
    'labels of YOLO': ('0 0.5 0.5 0.1 0.2\n', 'is no JSON'),
    'a number': (3, 'it is a int'),
    'no annotations': ({'images': []}, "it has no list 'annotations'"),
    'annotations are no list': ({'annotations': {}}, "it has no list 'annotations'"),
    'images are no list': ({'images': 3, 'annotations': []}, "it has no list 'images'"),
    'image without id': ({'images': [{}], 'annotations': []}, "image 0 has no 'id'"),
    'image is a text': ({'images': ['a'], 'annotations': []}, 'image 0 is of another form'),
    'image without name': (
        {'images': [{'id': 1, 'file_name': ''}], 'annotations': []}, "image 0 has the \"file_name\""
    ),
    'two images of one id': (
        {'images': [{'id': 1, 'file_name': 'a'}, {'id': '1', 'file_name': 'b'}], 'annotations': []},
        "'a' and 'b' have the same id '1'",
    ),
    'only dogs': (annotations(categories=[{'id': 1, 'name': 'dog'}]), "is a person: 'dog'"),
    'category without name': (annotations(categories=[{'id': 1}]), '"categories": one has no'),
    'no category of several': (
        annotations({'image_id': 7, 'bbox': BOX}, categories=[{'id': 1, 'name': 'person'}]),
        "entry 0 has no 'category_id'",
    ),
    'no image': ([{'bbox': BOX}], "entry 0 has no 'image_id'"),
    'image is nothing': ([entry(None)], 'entry 0 has the id None'),
    'image is a list': ([entry([1])], 'entry 0 has the id [1]'),
    'image is a truth value': ([entry(True)], 'entry 0 has the id True'),
    'no box': ([{'image_id': 1}], "entry 0 has no 'bbox'"),
    'second without box': ([entry(), {'image_id': 1}], "entry 1 has no 'bbox'"),
    'three numbers': ([entry(bbox=[1, 2, 3])], 'entry 0 is of another form'),
    'five numbers': ([entry(bbox=[1, 2, 3, 4, 5])], 'entry 0 is of another form'),
    'words': ([entry(bbox=['a', 2, 3, 4])], 'entry 0 is of another form'),
    'corners by name': ([entry(bbox=CORNERS)], 'entry 0 is of another form'),
    'no score': ([entry(score=None)], 'entry 0 is of another form'),
    'beyond float64': ([entry(bbox=[1, 2, 3, 10**400])], 'entry 0 is of another form'),
    'an entry is a list': ([entry(), [1, 2, 3, 4]], 'entry 1 is a list: [1, 2, 3, 4]'),
    'ultralytics': (
        [{'name': 'person', 'class': 0, 'confidence': 0.9, 'box': CORNERS}],
        'these are results of Ultralytics',
    ),
    'mmdetection': (
        {'labels': [0], 'scores': [0.9], 'bboxes': [BOX]}, "mmdetection's predictions of one image"
    ),
    'mmpose': ({'meta_info': {}, 'instance_info': []}, "mmpose's predictions"),
    'openpose': ({'version': 1.3, 'people': []}, 'keypoints of OpenPose'),
    'detectron2': (
        [{'file_name': 'a.jpg', 'annotations': [{'bbox': BOX, 'bbox_mode': 0}]}],
        "detectron2's annotations",
    ),
}  # fmt: skip
FRACTIONS = {
    'fractions': [entry(bbox=[0.1, 0.2, 0.3, 0.4])],
    'fractions, one of them no number': [entry(bbox=[0.1] * 4), entry(bbox=[float('nan')] * 4)],
    'fractions a little beyond the image': annotations(entry(bbox=[0.2, 0.1, 1.1, 1.2])),
}
MATRIX = [[500, 0, 320], [0, 500, 240], [0, 0, 1]]
CAMERAS = {
    'focal length of one width': ({'focal_length': 1.2}, 'focal_length=1.2: expected pixels'),
    'focal length zero': ({'focal_length': 0}, 'focal_length=0: expected pixels above 0'),
    'focal length a word': ({'focal_length': 'long'}, 'expected a number of pixels'),
    'normalized matrix': (
        {'matrix': {'v.mp4': [[1.2, 0, 0.5], [0, 1.6, 0.5], [0, 0, 1]]}},
        "'v.mp4': the focal lengths are [1.2, 1.6]",
    ),
    'transposed matrix': ({'matrix': np.transpose(MATRIX)}, 'camera_matrix: its last row is'),
    'ragged matrix': ({'matrix': {'a': [[1, 2], [3]]}}, "'a': "),
    'matrix of four rows': ({'matrix': np.eye(4)}, 'of shape (4, 4); expected a finite camera'),
    'one image by number and text': (
        {'matrix': {139: MATRIX, '139': MATRIX}},
        "'139' is there as a number and as a text",
    ),
}


def of_file(content):
    text = content if isinstance(content, str) else json.dumps(content)
    return lambda scene: GivenBoxes(scene.write(text, 'boxes.json'))


SUPPORTED = ['boxes.json (boxes)', 'COCO', 'detectron2', 'mmdetection', 'AlphaPose']
CASES = [
    *((n, of_file(c), ValueError, [*SUPPORTED, said]) for n, (c, said) in FORMS.items()),
    *(
        (n, of_file(c), ValueError, ['boxes.json (boxes)', 'fractions of the image', 'multiply'])
        for n, c in FRACTIONS.items()
    ),
    *(
        (n, lambda scene, given=given: GivenCamera(**given), ValueError, [said])
        for n, (given, said) in CAMERAS.items()
    ),
]
