"""Any file of boxes or cameras: results and a report of the rest, or one line that names it."""

from __future__ import annotations

import json
import re
from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mroi_plugin.apis.detectors.given_boxes import GivenBoxes

STABLE = settings(max_examples=400, deadline=None, derandomize=True, database=None)
NAMES = ('a.jpg', 'x/a.jpg', '000000000139.jpg')
"""The images, in one folder."""
NUMBERS = st.one_of(
    st.floats(-50, 700),
    st.integers(-5, 700),
    st.sampled_from([float('nan'), float('inf'), 0, 1e9, -1e300, 0.4, 10**400, 10**20]),
)
STRANGE = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
IDS = st.sampled_from([
    *NAMES, *NAMES, *NAMES,
    'a', 139, '139', 7, '7', 7.0, 'x\\a.jpg', 'C:\\x\\a.jpg', '/nowhere/a.jpg', 'y/a.jpg',
    'a.jpg#1', '', '..', '\ud800', 'a\nb', '\0', '٣', '1' * 5000, -1, 1e300,
])  # fmt: skip
BOXES = st.one_of(
    st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 300), st.integers(1, 300)),
    st.lists(NUMBERS, min_size=4, max_size=4),
)


def now_and_then(usual, share=60):
    """Mostly ``usual``, something strange in one of ``share``."""
    return st.integers(0, share).flatmap(lambda i: STRANGE if i == share else usual)


ENTRIES = st.fixed_dictionaries(
    {'image_id': now_and_then(IDS), 'bbox': now_and_then(BOXES)},
    optional={
        'category_id': now_and_then(st.sampled_from([1, 1, 1, '1', 0, 3])),
        'score': now_and_then(NUMBERS),
        'iscrowd': now_and_then(st.sampled_from([0, 0, 0, 1, True])),
        'file_name': now_and_then(IDS),
        'box': now_and_then(BOXES),
    },
)
IMAGES = st.fixed_dictionaries({'id': now_and_then(IDS), 'file_name': now_and_then(IDS)})
CATEGORIES = st.fixed_dictionaries(
    {
        'id': now_and_then(st.sampled_from([0, 1, 3])),
        'name': now_and_then(st.sampled_from(['person', 'person', 'dog'])),
    }
)
CONTENTS = st.one_of(
    STRANGE,
    st.lists(now_and_then(ENTRIES), min_size=1, max_size=5),
    st.fixed_dictionaries(
        {'annotations': now_and_then(st.lists(now_and_then(ENTRIES), min_size=1, max_size=5))},
        optional={
            'images': now_and_then(st.lists(now_and_then(IMAGES), max_size=4)),
            'categories': now_and_then(st.lists(now_and_then(CATEGORIES), max_size=2)),
        },
    ),
)


@pytest.fixture
def images(people, tmp_path):
    picture = cv2.imread(people.path(0))
    (tmp_path / 'x').mkdir()
    for name in NAMES:
        cv2.imwrite(str(tmp_path / name), picture)
    return [str(tmp_path / name) for name in NAMES]


def check(inferencer, images, path, entries):
    """Infer with the boxes of a file; returns what became of it.

    Args:
        entries: number of boxes that the file has.
    """
    try:
        boxes = GivenBoxes(str(path))
        results = list(inferencer(images, boxes=boxes))
    except ValueError as error:
        assert str(error).startswith(f'{path} (boxes)') and len(str(error).splitlines()) == 1
        assert str(error).encode()
        return 'refused'
    assert all(result.error is None for result in results)
    for result in results:
        for person in result.instances:
            assert np.isfinite([*person.bbox, person.score]).all()
    lines = boxes.report()
    used = sum(len(result.instances) for result in results)
    refused = sum(len(result.problems) for result in results)
    told = [re.search(r': (\d+) (boxes|crowds)\b.*(left out|meet no image)', li) for li in lines]
    left = sum(int(line[1]) for line in told if line)
    assert used + refused + left == entries
    assert used or refused or lines
    assert all(len(line.splitlines()) == 1 and line.encode() for line in lines)
    return 'used' if used else 'reported'


def test_contents(inferencer, images, tmp_path):
    outcomes, path = Counter(), tmp_path / 'boxes.json'

    @given(content=CONTENTS)
    @STABLE
    def any_content(content):
        path.write_text(json.dumps(content))
        entries = content.get('annotations', ()) if isinstance(content, dict) else content
        count = len(entries) if isinstance(entries, (list, tuple)) else 0
        outcomes[check(inferencer, images, path, count)] += 1

    any_content()
    assert min(outcomes[name] for name in ('used', 'reported', 'refused')) > 10, outcomes


MATRICES = st.tuples(
    st.sampled_from([500, 500, 30, 1.2, -1, float('nan')]), st.integers(-5, 700)
).map(lambda fc: [[fc[0], 0, fc[1]], [0, fc[0], 0.3], [0, 0, 1]])


def test_cameras(inferencer, images, people, tmp_path):
    """A matrix is used, refused with its image, or the file is refused."""
    outcomes, path = Counter(), tmp_path / 'cameras.json'
    names = st.one_of(st.sampled_from(images), st.text(max_size=4))

    @given(
        content=st.one_of(
            STRANGE, MATRICES, st.dictionaries(names, now_and_then(MATRICES), max_size=2)
        )
    )
    @STABLE
    def any_content(content):
        path.write_text(json.dumps(content))
        try:
            results = list(inferencer(images, [people.box(0)], camera_matrix=path))
        except ValueError as error:
            assert str(error).startswith(f'{path} (cameras)')
            assert len(str(error).splitlines()) == 1 and str(error).encode()
            outcomes['refused'] += 1
            return
        for result in results:
            if result.error is not None:
                assert 'fix the given camera' in result.error
                outcomes['image refused'] += 1
        of_all = isinstance(content, list)
        given = [
            p.focal_length for r in results for p in r.instances if of_all or r.name in content
        ]
        assert all(focal in (500, 30) for focal in given)
        outcomes['used'] += bool(given)

    any_content()
    assert min(outcomes[name] for name in ('used', 'image refused', 'refused')) > 10, outcomes


def test_bytes(inferencer, images, tmp_path):
    """A good file with bytes lost, added and changed."""
    path = tmp_path / 'boxes.json'
    good = json.dumps([{'image_id': 'x/a.jpg', 'bbox': [200, 100, 100, 200], 'score': 0.5}])
    outcomes = Counter()

    @given(at=st.integers(0, len(good)), lost=st.integers(0, 3), new=st.binary(max_size=3))
    @STABLE
    def any_bytes(at, lost, new):
        path.write_bytes(good.encode()[:at] + new + good.encode()[at + lost :])
        outcomes[check(inferencer, images, path, 1)] += 1

    any_bytes()
    assert outcomes['refused'] > 100 and outcomes['used'] + outcomes['reported'] > 20, outcomes
