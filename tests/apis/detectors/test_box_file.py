"""Files of boxes: forms that are read, persons by category, forms that are refused by name."""

from __future__ import annotations

import codecs
import json

import pytest

from mroi_plugin.apis.detectors.box_file import read_box_file

BOX = [1, 2, 30, 40]


def write(path, content, start=b''):
    path.write_bytes(start + json.dumps(content).encode())
    return str(path)


@pytest.fixture
def read(tmp_path):
    def boxes_and_notes(content, start=b''):
        file = read_box_file(write(tmp_path / 'b.json', content, start))
        return {name: rows.tolist() for name, rows in file.boxes.items()}, file.notes

    return boxes_and_notes


def annotations(*entries, categories=None):
    return {
        'images': [{'id': 7, 'file_name': 'x/a.jpg'}, {'id': '08', 'file_name': 'y\\b.jpg'}],
        'annotations': list(entries),
        **({} if categories is None else {'categories': categories}),
    }


def entry(image_id=7, **more):
    return {'image_id': image_id, 'category_id': 1, 'bbox': BOX, **more}


ROW = [*map(float, BOX), 1.0]


def test_annotations(read):
    found, notes = read(annotations(entry(), entry(bbox=[5, 6, 7, 8]), entry(8, score=0.5)))
    assert found == {'x/a.jpg': [ROW, [5, 6, 7, 8, 1]], 'y/b.jpg': [[*ROW[:4], 0.5]]}
    assert notes == []


@pytest.mark.parametrize('identity', [7, '7', '07', 7.0])
def test_ids_are_the_same_as_text_and_number(read, identity):
    assert read(annotations(entry(identity)))[0] == {'x/a.jpg': [ROW]}


def test_an_id_of_no_image_is_no_number_of_a_file(read):
    assert list(read(annotations(entry(139)))[0]) == ['image_id 139, which is none of "images"']


@pytest.mark.parametrize(
    ('identity', 'name'),
    [(139, '139'), ('a.jpg', 'a.jpg'), ('x\\a.jpg', 'x/a.jpg'), ('042', '042')],
)
def test_detections(read, identity, name):
    assert read([entry(identity, score=0.25)])[0] == {name: [[*ROW[:4], 0.25]]}
    assert read([entry(file_name='n.jpg', score=0.25)])[0] == {'n.jpg': [[*ROW[:4], 0.25]]}


@pytest.mark.parametrize('start', [b'', codecs.BOM_UTF8])
def test_a_byte_order_mark(read, start):
    assert read([entry('a.jpg')], start)[0] == {'a.jpg': [ROW]}


def test_utf_16(tmp_path):
    (tmp_path / 'b.json').write_text(json.dumps([entry('ü.jpg')]), encoding='utf-16')
    assert list(read_box_file(str(tmp_path / 'b.json')).boxes) == ['ü.jpg']


def test_alphapose(read):
    told = {'image_id': 'a.jpg', 'category_id': 1, 'keypoints': [0.0] * 51, 'score': 2.5}
    assert read([{**told, 'box': BOX, 'idx': [0.0]}])[0] == {'a.jpg': [[*ROW[:4], 2.5]]}


def test_persons_are_known_by_name(read):
    categories = [{'id': 0, 'name': 'Person'}, {'id': 1, 'name': 'dog'}]
    content = annotations(
        entry(category_id=0), entry(8, category_id=1), entry(8, category_id='0'),
        categories=categories,
    )  # fmt: skip
    found, notes = read(content)
    assert list(found) == ['x/a.jpg', 'y/b.jpg'] and len(found['y/b.jpg']) == 1
    assert notes == ["1 boxes are left out, of the categories '1': persons are '0'."]


def test_without_categories_persons_are_category_1(read):
    found, notes = read([entry(category_id=0), entry(), entry(category_id=3), entry(category_id=3)])
    assert found == {'7': [ROW]}
    assert notes == ["3 boxes are left out, of the categories '0', '3': persons are '1'."]


def test_crowds_are_left_out(read):
    found, notes = read(annotations(entry(iscrowd=1), entry(iscrowd=0), entry(iscrowd=True)))
    assert found == {'x/a.jpg': [ROW]} and notes == ['2 crowds (iscrowd) are left out.']


def test_a_file_of_nobody_says_so(read):
    assert read([]) == ({}, ['it holds no box of a person.'])
    assert read(annotations(entry(iscrowd=1)))[1][-1] == 'it holds no box of a person.'


def test_values_are_left_to_the_images(read):
    nan = float('nan')
    (rows,) = read([entry(bbox=[1, 2, 0, nan]), entry(score=nan)])[0].values()
    assert rows[0][2] == 0 and rows[0][3] != rows[0][3] and rows[1][4] != rows[1][4]


def test_no_file(tmp_path):
    for path in ('nothing.json', str(tmp_path)):
        with pytest.raises(FileNotFoundError, match=r'\(boxes\): no such file'):
            read_box_file(path)
