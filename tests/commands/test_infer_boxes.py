"""``mroi infer --boxes``: what is used, what is reported, and with which exit status."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from mroi_plugin.cli import main

NAN = float('nan')


@pytest.fixture
def folders(people, tmp_path):
    """The same picture in two folders, by the same name and under a number."""
    picture = Image.open(people.path(0))
    for name in ('x/a.jpg', 'y/a.jpg', 'z/000000000139.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture.save(tmp_path / name)
    return tmp_path


@pytest.fixture
def infer(config, checkpoint, folders, people, in_workspace, capsys):
    """Run the command; returns its status, what it told, and the boxes it used per file."""

    def run(content, *arguments, images=('x/a.jpg',), start=b''):
        file, out = folders / 'boxes.json', folders / 'out'
        file.write_bytes(start + json.dumps(content).encode())
        paths = [str(folders / name) for name in images]
        options = ['--boxes', str(file), '--out', str(out), '--save', 'json', '--device', 'cpu']
        options += ['--model', config, '--checkpoint', checkpoint, *arguments]
        try:
            status = main(['infer', *paths, *options])
        except SystemExit as stop:
            status = stop.code
        found = {
            path.stem: [i['bbox'] for i in json.loads(path.read_text())['instances']]
            for path in sorted(out.glob('*.json'))
            if path.stem != 'results_coco'
        }
        told = capsys.readouterr()
        assert 'Traceback' not in told.out + told.err
        return status, told.out + told.err, found

    run.box = [round(float(x), 1) for x in people.box(0)]
    return run


def detection(name, box, **more):
    return {'image_id': name, 'category_id': 1, 'bbox': list(box), 'score': 0.9, **more}


def moved(box, by):
    return [box[0] + by, *box[1:]]


def test_two_folders_with_the_same_name(infer):
    content = [detection('x/a.jpg', infer.box), detection('y\\a.jpg', moved(infer.box, 5))]
    status, _, found = infer(content, images=('y/a.jpg', 'x/a.jpg'), start=b'\xef\xbb\xbf')
    assert status == 0 and len(found) == 2
    np.testing.assert_allclose(found['a_2'], [infer.box], atol=1e-4)
    np.testing.assert_allclose(found['a'], [moved(infer.box, 5)], atol=1e-4)


def test_a_tie_of_two_images_is_an_error(infer, folders):
    status, told, _ = infer([detection('a.jpg', infer.box)], images=('x/a.jpg', 'y/a.jpg'))
    assert status == 2
    assert f"'a.jpg' fits two images, {folders}/x/a.jpg and {folders}/y/a.jpg" in told


def test_boxes_of_another_folder_are_not_used(infer):
    status, told, found = infer([detection('y/a.jpg', infer.box)])
    assert status == 1 and found == {'a': []}
    assert "1 boxes of 1 of 1 names meet no image: 'y/a.jpg'" in told and 'no box was used' in told


def test_unused_boxes_are_reported(infer):
    content = [detection(139, infer.box), detection('b.jpg', infer.box)]
    status, told, found = infer(content, images=('z/000000000139.jpg',))
    assert status == 0 and len(found['000000000139']) == 1
    assert "1 boxes of 1 of 2 names meet no image: 'b.jpg'" in told


@pytest.mark.parametrize('number', [7, '7'])
def test_categories_and_crowds(infer, number):
    content = {
        'images': [{'id': 7, 'file_name': 'a.jpg'}],
        'categories': [{'id': 0, 'name': 'person'}, {'id': 1, 'name': 'dog'}],
        'annotations': [
            detection(number, infer.box, category_id=0),
            detection(number, infer.box, category_id=1),
            detection(number, infer.box, category_id=0, iscrowd=1),
        ],
    }
    status, told, found = infer(content)
    assert status == 0 and len(found['a']) == 1
    assert "1 boxes are left out, of the categories '1': persons are '0'" in told
    assert '1 crowds (iscrowd) are left out' in told


@pytest.mark.parametrize(
    'content', [[], [{'image_id': 'a', 'category_id': 0, 'bbox': [1, 2, 30, 40]}]]
)
def test_a_file_of_nobody_is_status_1(infer, content):
    status, told, found = infer(content)
    assert status == 1 and found == {'a': []} and 'it holds no box of a person' in told


@pytest.mark.parametrize(
    ('spoilt', 'message'),
    [
        ({'bbox': [10, 10, 0, 50]}, 'the box is 0 x 50 px'),
        ({'bbox': [10, 10, NAN, 50]}, 'the box is 10, 10, nan, 50, expected finite'),
        ({'bbox': [-5e8, -5e8, 1e9, 1e9]}, 'the box is 1e+09 x 1e+09 px, expected between 2'),
        ({'score': NAN}, 'the score is nan'),
    ],
)
def test_one_bad_box_is_reported_and_the_others_go_on(infer, spoilt, message):
    content = [
        detection('x/a.jpg', infer.box),
        {**detection('x/a.jpg', infer.box), **spoilt},
        detection('y/a.jpg', infer.box),
    ]
    status, told, found = infer(content, images=('x/a.jpg', 'y/a.jpg'))
    assert status == 1 and [len(boxes) for boxes in found.values()] == [1, 1]
    assert f'x/a.jpg: box 1: {message}' in told.replace('\n', '')


def test_corners_are_warned_of(infer, people):
    size = np.array(Image.open(people.path(0)).size)
    corners = [*(0.3 * size), *(0.9 * size)]
    status, told, _ = infer([detection('a.jpg', corners)])
    assert status == 0 and '1 of 1 boxes leave their images as x, y, w, h' in told


@pytest.mark.parametrize(
    ('content', 'arguments', 'message'),
    [
        ([detection('a', [0.1, 0.2, 0.3, 0.4])], (), 'fractions of the image'),
        (
            [{'name': 'person', 'class': 0, 'confidence': 1, 'box': {}}],
            (),
            'results of Ultralytics',
        ),
        ({'labels': [0], 'scores': [1], 'bboxes': [[1, 2, 3, 4]]}, (), "mmdetection's predictions"),
        ([detection('a', [1, 2, 30, 40])], ('--focal-length', '1.2'), 'focal_length=1.2: expected'),
    ],
)
def test_what_is_impossible_is_one_line(infer, content, arguments, message):
    status, told, _ = infer(content, *arguments)
    assert status == 2 and message in told and len(told.strip().splitlines()) == 1


def test_a_focal_length_that_is_none_of_the_image_fails_it(infer):
    status, told, found = infer([detection('a', infer.box)], '--focal-length', '20')
    assert status == 1 and found == {} and 'the focal length is 20, expected between' in told
    assert 'meet no image' not in told


def test_boxes_of_a_video_and_of_its_frames(infer, folders, people):
    pixels = cv2.imread(people.path(0))
    path = folders / 'pan.mp4'
    size = pixels.shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 20, size)
    for _ in range(3):
        writer.write(pixels)
    writer.release()
    content = [detection('pan.mp4', infer.box), detection('pan#1', moved(infer.box, 5))]
    status, told, found = infer([*content, detection('pan.mp4#9', infer.box)], images=('pan.mp4',))
    assert status == 0 and "meet no image: 'pan.mp4#9'" in told
    lefts = [round(found[f'pan_00000{i}'][0][0] - infer.box[0]) for i in range(3)]
    assert lefts == [0, 5, 0]


def test_boxes_of_an_image_of_another_size(infer, folders, people):
    """As annotations of images that were shrunk since."""
    height, width = cv2.imread(people.path(0)).shape[:2]
    for factor, status in ((1, 0), (2, 1)):
        image = {'id': 7, 'file_name': 'a.jpg', 'width': factor * width, 'height': factor * height}
        entry = {'image_id': 7, 'category_id': 1, 'bbox': infer.box}
        shutil.rmtree(folders / 'out', ignore_errors=True)
        found_status, told, found = infer({'images': [image], 'annotations': [entry]})
        assert found_status == status and len(found) == (1 if factor == 1 else 0)
    wanted = f'the image has {width}x{height} px, and is annotated as one of {2 * width}x'
    assert wanted in ' '.join(told.split())


def test_cameras_of_a_file(infer, folders):
    matrix, cameras = [[900, 0, 200], [0, 900, 150], [0, 0, 1]], folders / 'cameras.json'
    content = [detection('a', infer.box)]
    cameras.write_text(json.dumps({'x\\a': matrix}))
    assert infer(content, '--cameras', str(cameras))[0] == 0
    (person,) = json.loads((folders / 'out' / 'a.json').read_text())['instances']
    assert person['focal_length'] == 900 and person['principal_point'] == [200, 150]
    cameras.write_text(json.dumps({'x/a': matrix, 'y/a': matrix}))
    status, told, found = infer(content, '--cameras', str(cameras))
    assert status == 0 and len(found['a']) == 1
    assert f"{cameras} (cameras): 1 of 2 names meet no image: 'y/a'" in told
    assert 'error' not in told and '1 image' in told
    cameras.write_text(json.dumps([[1.2, 0, 0.5], [0, 1.6, 0.5], [0, 0, 1]]))
    status, told, _ = infer(content, '--cameras', str(cameras))
    assert status == 2 and 'normalized matrix' in told and len(told.strip().splitlines()) == 1


def test_own_results_are_boxes(infer, folders):
    infer([detection('a', infer.box)], '--save', 'coco')
    again = json.loads((folders / 'out' / 'results_coco.json').read_text())
    status, _, found = infer(again)
    assert status == 0 and len(found['a']) == 1


def test_help_says_how_images_and_frames_are_named(capsys):
    with pytest.raises(SystemExit):
        main(['infer', '--help'])
    told = ' '.join(capsys.readouterr().out.split())
    for word in ('end of their path, name, stem or number', 'video.mp4#12', 'AlphaPose'):
        assert word in told
