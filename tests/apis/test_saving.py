"""Names of the files of a run: all in the folder, no two the same, none of NaN."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from clips import make_frames
from video_files import write_clip

from mroi_plugin.apis.saving import Saver
from mroi_plugin.models.body_models.smpl import SMPLBody
from mroi_plugin.structures.clip_npz import read_clip_npz
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.structures.rig import rig_of
from mroi_plugin.structures.writers import CLIP_FORMATS, WRITERS
from mroi_plugin.utils.result_formats import FORMATS

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
    saver = Saver(str(folder), ['json'])
    files = [path for name in names for path in saver.save(result(name))]
    assert len({str(path).lower() for path in files}) == len(files) == len(names)
    assert all(path.resolve().parent == folder and path.is_file() for path in files)
    assert sorted(p for p in tmp_path.rglob('*') if p.is_file()) == sorted(files)
    assert folder / 'results_coco.json' not in files


def test_the_same_image_again_has_the_same_file(tmp_path):
    saver = Saver(str(tmp_path), ['json'])
    assert saver.save(result('a.jpg')) == saver.save(result('a.jpg')) == [tmp_path / 'a.json']


@pytest.fixture(scope='module')
def body():
    return SMPLBody(model_path='no/licensed/files', free_body=True)


def test_a_name_is_one_line_in_an_obj(body, tmp_path):
    given = replace(make_frames(body)[0], name='n\nv 0 0 0.jpg', frame=None)
    (path,) = Saver(str(tmp_path), ['obj']).save(given)
    lines = path.read_text().splitlines()
    assert lines[0].startswith('# 1 people in n\\nv 0 0 0.jpg; meters')
    assert sum(line.startswith('v ') for line in lines) == 6890


def test_of_nobody_there_are_no_meshes(tmp_path):
    saver = Saver(str(tmp_path), ['json', 'npz', 'obj', 'ply', 'glb'])
    assert [path.suffix for path in saver.save(result('a.jpg'))] == ['.json', '.npz']
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.json', 'a.npz']


def test_a_video_has_files_of_its_own(body, tmp_path):
    """Two videos of the same name, one after the other; images in between do not end one."""
    saver = Saver(str(tmp_path), ['json', 'npz', 'obj', 'glb', 'bvh'], rig_of(body))
    frames = make_frames(body)
    others = [replace(f, name=f.name.replace('videos', 'other')) for f in frames[3:5]]
    files = [path for frame in frames[:2] for path in saver.save(frame)]
    files += saver.save(result('still.jpg'))
    with pytest.warns(UserWarning, match='1 bodies of people who were not followed') as warned:
        files += [path for frame in (*frames[2:], *others) for path in saver.save(frame)]
        assert tmp_path / 'walk.glb' in files and tmp_path / 'walk_2.glb' not in files
        files += saver.close()
    videos = [str(w.message).partition(':')[0] for w in warned]
    assert videos == ['videos/walk.mp4', 'other/walk.mp4']
    assert sorted(files) == sorted(tmp_path.iterdir()) and saver.close() == []
    of_clips = {path.name for path in files if path.suffix not in ('.json', '.obj')}
    assert of_clips == {
        *('walk.npz', 'walk.glb', 'walk_track_2.bvh', 'walk_track_5.bvh', 'still.npz'),
        *('walk_2.npz', 'walk_2.glb', 'walk_2_track_2.bvh', 'walk_2_track_5.bvh'),
    }
    assert {'walk_000003.json', 'walk_000003.obj', 'walk_2_000007.json'} <= {p.name for p in files}
    clip = read_clip_npz(tmp_path / 'walk.npz')
    assert clip.name == 'videos/walk.mp4' and clip.present.shape == (6, 3)
    assert read_clip_npz(tmp_path / 'walk_2.npz').present.shape == (2, 3)


def test_a_clip_of_a_run_that_was_stopped_is_not_written(body, tmp_path):
    saver = Saver(str(tmp_path), ['npz'])
    saver.save(make_frames(body)[0])
    saver.discard()
    assert saver.close() == [] and list(tmp_path.iterdir()) == []


def test_an_animation_needs_a_rig(body, tmp_path):
    saver = Saver(str(tmp_path), ['npz', 'bvh'])
    with pytest.raises(ValueError, match=r'walk\.mp4: npz, bvh of a video needs the rig'):
        saver.save(make_frames(body)[0])


def test_a_video_that_is_not_finished_leaves_nothing(tmp_path):
    saver = Saver(str(tmp_path), ['overlay'])
    frame = ImageResult('a.mp4#000000', (8, 6), image=np.zeros((6, 8, 3), np.uint8), frame=0)
    assert saver.save(frame) == [] and len(list(tmp_path.iterdir())) == 1
    saver.discard()
    assert list(tmp_path.iterdir()) == [] and saver.close() == []
    saver.save(frame)
    assert saver.close() == [tmp_path / 'a_overlay.mp4'] == list(tmp_path.iterdir())
    assert cv2.VideoCapture(str(tmp_path / 'a_overlay.mp4')).read()[0]


def test_a_video_that_changes_its_size_keeps_its_frames(tmp_path):
    saver = Saver(str(tmp_path), ['overlay'])
    for i, (width, height) in enumerate(((8, 6), (16, 12), (8, 6))):
        pixels = np.zeros((height, width, 3), np.uint8)
        saver.save(ImageResult(f'a.mp4#{i:06d}', (width, height), image=pixels, frame=i))
    saver.close()
    drawn = cv2.VideoCapture(str(tmp_path / 'a_overlay.mp4'))
    assert drawn.get(cv2.CAP_PROP_FRAME_COUNT) == 3


def test_formats_are_those_that_something_writes():
    assert {*WRITERS, *CLIP_FORMATS, 'overlay'} == set(FORMATS)


@pytest.mark.parametrize(
    ('video', 'shown', 'expected'),
    [
        ('camera:0', (0.0, 0.1, 0.2), 10.0),
        ('camera:0', (None, None, None), 25.0),
        ('clip', (0.0, 0.1, 0.2), 10.0),
        ('clip', (0.0, 0.101, 0.2), 10.0),
        ('clip', (0.0, 0.5, 1.0), 2.0),
        ('clip', (None, None, None), 10.0),
    ],
)
def test_the_rate_of_a_clip_is_that_of_its_frames(tmp_path, video, shown, expected):
    if video == 'clip':
        grays = [np.full((48, 64, 3), 99, np.uint8)] * 3
        video = str(write_clip(tmp_path / 'a.mp4', grays, (0, 0.1, 0.2)))
    saver = Saver(str(tmp_path / 'out'), ['npz'])
    for number, time in enumerate(shown):
        saver.save(replace(result(f'{video}#{number:06d}'), frame=number, time=time))
    (path,) = saver.close()
    assert read_clip_npz(path).fps == pytest.approx(expected)
