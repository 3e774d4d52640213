"""Boxes that no person can have, and cameras that no image can be taken with."""

from __future__ import annotations

import numpy as np

from mroi_plugin.datasets.sample_errors import InvalidSampleError

NAN, INF = float('nan'), float('inf')


def boxes(*box, columns=5):
    """Boxes of 8 persons, the fourth of which is spoilt."""
    found = np.tile(np.float64([[200, 100, 100, 200, 1]]), (8, 1))
    found[3, : len(box)] = box
    return found[:, :columns]


def at_loading(*box):
    return lambda scene: scene.dataset(bbox_xywh=boxes(*box))


def at_reading(*box):
    return lambda scene: scene.dataset(bbox_xywh=boxes(*box))[3]


REFUSED = {
    'no width': (10, 10, 0, 50),
    'no height': (10, 10, 50, 0),
    'negative width': (10, 10, -5, 50),
    'negative height': (10, 10, 50, -3),
    'corner is no number': (NAN, 10, 50, 50),
    'width is no number': (10, 10, NAN, 50),
    'infinite corner': (INF, 10, 50, 50),
    'infinite height': (10, 10, 50, INF),
    'beyond float32': (10, 10, 1e300, 50),
}
OUTSIDE = {
    'right of the image': (5000, 20, 100, 200),
    'left of the image': (-5000, 20, 100, 200),
    'below the image': (20, 5000, 100, 200),
    'above the image': (20, -5000, 100, 200),
}
SIZES = {
    'of one pixel': (200, 100, 1, 1),
    'smaller than a pixel': (200, 100, 0.01, 0.01),
    'a millionth of a pixel': (200, 100, 1e-6, 2e-6),
    'a thousand images wide': (-5e5, -5e5, 1e6, 1e6),
    'as wide as a million kilometers': (-5e11, -5e11, 1e12, 1e12),
}
FOCALS = {
    'focal length in millimeters': 24,
    'focal length in widths of the image': 1.2,
    'focal length as good as infinite': 1e20,
}
COLUMNS = {
    'three numbers': (boxes(columns=3), '4 numbers per person'),
    'no column': (np.zeros(8), '4 numbers per person'),
    'texts': (np.full((8, 4), 'wide'), 'numbers'),
    'complex numbers': (np.zeros((8, 4), complex), 'numbers'),
    'seven persons': (boxes()[:7], '7 rows beside 8 image paths'),
    'nine persons': (np.vstack([boxes(), boxes()[:1]]), '9 rows beside 8 image paths'),
    'ragged': ([[1, 2, 3, 4]] * 7 + [[1]], 'bbox_xywh'),
    'a single number': (np.float32(3), 'bbox_xywh is a single value'),
}


def camera(**spoilt):
    """Cameras of 8 persons with entries in place of good ones."""
    good = {'f': np.full((8, 2), 500.0), 'c': np.tile([[320.0, 240.0]], (8, 1))}
    return {**good, **spoilt}


def fourth(rows, value):
    rows = rows.copy()
    rows[3] = value
    return rows


CAMERAS = {
    'focal length zero': (
        camera(f=fourth(camera()['f'], 0)),
        'first sample 3 (test/000/000003.jpg), is [0.0, 0.0]',
    ),
    'focal length negative': (
        camera(f=fourth(camera()['f'], -9)),
        'focal length in pixels above 0',
    ),
    'focal length no number': (camera(f=fourth(camera()['f'], NAN)), 'first sample 3'),
    'focal length infinite': (camera(f=fourth(camera()['f'], INF)), 'first sample 3'),
    'focal length of seven': (camera(f=np.ones((7, 2))), '7 rows beside 8 image paths'),
    'focal length of three': (camera(f=np.ones((8, 3))), 'cam_param.f is of shape (8, 3)'),
    'focal length a text': (camera(f=np.full(8, 'long')), 'cam_param.f is of type'),
    'principal point no number': (camera(c=fourth(camera()['c'], NAN)), 'cam_param.c of 1 persons'),
    'principal point of one': (camera(c=np.ones((8, 1))), 'cam_param.c is of shape (8, 1)'),
    'principal point of seven': (camera(c=np.ones((7, 2))), 'cam_param.c has 7 rows'),
}


CASES = [
    *(
        (
            name,
            at_loading(*box),
            ValueError,
            ['test.npz (ann_file): bbox_xywh of 1 persons', 'sample 3', 'fix'],
        )
        for name, box in REFUSED.items()
    ),
    *(
        (
            name,
            at_reading(*box),
            InvalidSampleError,
            ['(sample 3 of', 'lies outside the', 'bbox_xywh'],
        )
        for name, box in OUTSIDE.items()
    ),
    *(
        (name, at_reading(*box), InvalidSampleError, ['(sample 3 of', 'px', 'expected between'])
        for name, box in SIZES.items()
    ),
    *(
        (
            name,
            lambda s, v=value: s.dataset(cam_param=camera(f=fourth(camera()['f'], v)))[3],
            InvalidSampleError,
            ['(sample 3 of', 'the focal length is', 'expected between', 'cam_param.f'],
        )
        for name, value in FOCALS.items()
    ),
    *(
        (
            name,
            lambda s, v=value: s.dataset(bbox_xywh=v),
            ValueError,
            ['test.npz', 'bbox_xywh', said],
        )
        for name, (value, said) in COLUMNS.items()
    ),
    (
        'no boxes',
        lambda s: s.dataset(bbox_xywh=None),
        ValueError,
        ['test.npz (ann_file) lacks bbox_xywh'],
    ),
    *(
        (name, lambda s, v=value: s.dataset(cam_param=v), ValueError, ['test.npz (ann_file)', said])
        for name, (value, said) in CAMERAS.items()
    ),
]
