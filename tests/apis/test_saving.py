"""Names of the files of a run: all in the folder, no two the same, none of NaN."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mroi_plugin.apis.saving import Saver
from mroi_plugin.structures.results import ImageResult

NAMES = [
    'a.mp4#000000', 'a_000000.png', 'a_000000_2.jpg', 'a.jpg', 'a.png', 'A.PNG', 'x/a.jpg',
    'y/a.jpg', 'results_coco.png', '..jpg', '...jpg', '../..', '/', '', '../../b.jpg',
    '/etc/passwd', 'C:\\x\\c.png', 'n\nv 0 0 0.jpg', 'n_v 0 0 0.jpg', '\udcff.jpg', 'q?.jpg',
    'long' * 100 + '.jpg', 'long' * 100 + '.png', 'é' * 200 + '.png', '.hidden.jpg', 'a/../d.jpg',
]  # fmt: skip


def result(name):
    frame = int(name.rpartition('#')[2]) if '#' in name else None
    return ImageResult(name, (8, 6), [], np.zeros((1, 3), np.int64), frame=frame)


@pytest.mark.parametrize('names', [NAMES, NAMES[::-1]], ids=['in order', 'backwards'])
def test_every_result_has_its_own_file_in_the_folder(tmp_path, names):
    folder = tmp_path / 'in' / 'out'
    saver = Saver(str(folder), ['json', 'obj'], (48, 64))
    files = [path for name in names for path in saver.save(result(name))]
    assert len({str(path).lower() for path in files}) == len(files) == 2 * len(names)
    assert all(path.resolve().parent == folder and path.is_file() for path in files)
    assert sorted(p for p in tmp_path.rglob('*') if p.is_file()) == sorted(files)
    assert folder / 'results_coco.json' not in files


def test_the_same_image_again_has_the_same_file(tmp_path):
    saver = Saver(str(tmp_path), ['json'], (48, 64))
    assert saver.save(result('a.jpg')) == saver.save(result('a.jpg')) == [tmp_path / 'a.json']


def test_a_name_is_one_line_in_an_obj(tmp_path):
    (path,) = Saver(str(tmp_path), ['obj'], (48, 64)).save(result('n\nv 0 0 0.jpg'))
    lines = path.read_text().splitlines()
    assert lines[0].startswith('# 0 people in n\\nv 0 0 0.jpg; meters')
    assert not any(line.startswith('v') for line in lines)


def test_a_video_that_is_not_finished_leaves_nothing(tmp_path):
    saver = Saver(str(tmp_path), ['video'], (48, 64))
    frame = ImageResult('a.mp4#000000', (8, 6), image=np.zeros((6, 8, 3), np.uint8), frame=0)
    assert saver.save(frame) == [] and len(list(tmp_path.iterdir())) == 1
    saver.discard()
    assert list(tmp_path.iterdir()) == [] and saver.close() == []
    saver.save(frame)
    assert saver.close() == [tmp_path / 'a_overlay.mp4'] == list(tmp_path.iterdir())
    assert cv2.VideoCapture(str(tmp_path / 'a_overlay.mp4')).read()[0]


def test_a_video_that_changes_its_size_keeps_its_frames(tmp_path):
    saver = Saver(str(tmp_path), ['video'], (48, 64))
    for i, (width, height) in enumerate(((8, 6), (16, 12), (8, 6))):
        pixels = np.zeros((height, width, 3), np.uint8)
        saver.save(ImageResult(f'a.mp4#{i:06d}', (width, height), image=pixels, frame=i))
    saver.close()
    drawn = cv2.VideoCapture(str(tmp_path / 'a_overlay.mp4'))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 3
