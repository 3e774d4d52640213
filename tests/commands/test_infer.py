"""The command line: files, summary, exit status; videos."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from mroi_plugin.apis.run_record import RECORD
from mroi_plugin.cli import main
from mroi_plugin.structures.clip_npz import read_clip_npz
from mroi_plugin.structures.json_file import read_json
from mroi_plugin.structures.npz_file import read_npz


@pytest.fixture
def infer(config, checkpoint, tmp_path, in_workspace):
    def run(*arguments):
        out = str(tmp_path / 'out')
        options = ['--device', 'cpu', '--out', out]
        options += ['--model', config, '--checkpoint', checkpoint]
        return main(['infer', *map(str, arguments), *options])

    return run


@pytest.fixture
def boxes(people, tmp_path):
    """COCO detections of the first images."""
    path = tmp_path / 'boxes.json'
    rows = [
        {'image_id': os.path.basename(people.path(i)), 'bbox': people.box(i).tolist(), 'score': 0.9}
        for i in range(4)
    ]
    path.write_text(json.dumps(rows))
    return path


def written(folder):
    """Names of the results in a folder, sorted."""
    return sorted(name for name in os.listdir(folder) if name != RECORD)


def test_every_format(infer, people, boxes, tmp_path, capsys):
    status = infer(
        people.path(0), people.path(1), '--boxes', boxes, '--focal-length', 900,
        '--save', 'json,npz,obj,ply,glb,coco,overlay',
    )  # fmt: skip
    assert status == 0
    stem = os.path.splitext(os.path.basename(people.path(0)))[0]
    names = written(tmp_path / 'out')
    wanted = [f'{stem}.{e}' for e in ('json', 'npz', 'obj', 'ply', 'glb')]
    assert {*wanted, f'{stem}_overlay.jpg', 'results_coco.json'} <= set(names)
    assert len(names) == 2 * 6 + 1
    of_npz, of_json = (read(tmp_path / 'out' / f'{stem}.{e}') for read, e in
                       ((read_npz, 'npz'), (read_json, 'json')))  # fmt: skip
    assert of_npz.instances[0].focal_length == 900 and of_npz.instances[0].score == 0.9
    np.testing.assert_array_equal(of_npz.instances[0].joints, of_json.instances[0].joints)
    assert len(of_npz.instances[0].vertices) == 6890 and not len(of_json.instances[0].vertices)
    coco = json.loads((tmp_path / 'out' / 'results_coco.json').read_text())
    assert len(coco) == 2 and len(coco[0]['keypoints']) == 51
    told = capsys.readouterr().out
    assert '2 persons in 2 images, 0 failed; 13 files' in told
    assert '3 .json, 2 .npz, 2 .obj, 2 .ply, 2 .glb, 2 _overlay.jpg\n' in told
    assert re.search(r'look at \S+_overlay.jpg; in 3D: mroi view \S+out', told)


def test_overlays_are_as_large_as_the_image_or_show_all_sides(infer, people, boxes, tmp_path):
    options = (people.path(0), '--boxes', boxes, '--save', 'overlay')
    assert infer(*options) == 0
    (name,) = written(tmp_path / 'out')
    path = tmp_path / 'out' / name
    image, drawn = cv2.imread(people.path(0)), cv2.imread(str(path))
    assert drawn.shape == image.shape and np.abs(drawn.astype(int) - image).max() > 40
    assert infer(*options, '--side-view') == 0
    row = cv2.imread(str(path))
    assert row.shape[0] == 480 + 22 and row.shape[1] > 2 * 480


def test_one_bad_image_fails_the_command_and_not_the_rest(infer, people, boxes, tmp_path, capsys):
    (tmp_path / 'bad.jpg').write_text('no image')
    empty = tmp_path / 'empty.png'
    Image.new('RGB', (64, 64)).save(empty)
    status = infer(people.path(0), tmp_path / 'bad.jpg', empty, '--boxes', boxes, '--save', 'json')
    told = capsys.readouterr().out
    assert status == 1 and 'bad.jpg: it cannot be read as an image' in told
    assert 'empty.png: no person found' in told and '1 persons in 2 images, 1 failed' in told
    assert len(written(tmp_path / 'out')) == 2


def test_names_of_two_folders_do_not_clash(infer, people, boxes, tmp_path):
    name, rows = os.path.basename(people.path(0)), []
    for folder in ('a', 'b'):
        (tmp_path / folder).mkdir()
        Image.open(people.path(0)).save(tmp_path / folder / name)
        rows.append({'image_id': f'{folder}/{name}', 'bbox': people.box(0).tolist()})
    boxes.write_text(json.dumps(rows))
    assert infer(tmp_path / 'a', tmp_path / 'b', '--boxes', boxes, '--save', 'npz') == 0
    stem = os.path.splitext(name)[0]
    assert written(tmp_path / 'out') == [f'{stem}.npz', f'{stem}_2.npz']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--detector', 'yolo'], 'expected nanodet or transformers:MODEL'),
        (['--save', 'json,fbx'], '--save fbx: expected some of json, npz'),
        (['--boxes', 'nothing.json'], 'nothing.json (boxes): no such file'),
        (['--focal-length', '-3'], 'expected pixels above 0'),
        (['--batch-size', '0'], 'batch_size=0'),
        (['--side-view', '--save', 'json'], '--side-view: it is part of overlays'),
    ],
)
def test_bad_options_are_one_line(infer, people, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        infer(people.path(0), *arguments)
    assert stop.value.code == 2 and message in capsys.readouterr().err


def test_a_video_of_a_hundred_frames(infer, people, tmp_path, capsys):
    """An image that the camera pans over; boxes are given for every frame."""
    pixels = cv2.imread(people.path(0))
    height, width = 200, 260
    pixels = cv2.resize(pixels, (400, 300))
    path = tmp_path / 'pan.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 20, (width, height))
    rows = []
    for i in range(100):
        left = i
        writer.write(np.ascontiguousarray(pixels[40 : 40 + height, left : left + width]))
        rows.append({'image_id': f'pan.mp4#{i:06d}', 'bbox': [180 - left, 20, 60, 150]})
    writer.release()
    (tmp_path / 'video.json').write_text(json.dumps(rows))
    status = infer(path, '--boxes', tmp_path / 'video.json', '--save', 'overlay')
    assert status == 0 and '100 persons in 100 images' in capsys.readouterr().out
    assert written(tmp_path / 'out') == ['pan_overlay.mp4']
    drawn = cv2.VideoCapture(str(tmp_path / 'out' / 'pan_overlay.mp4'))
    assert int(drawn.get(cv2.CAP_PROP_FRAME_COUNT)) == 100
    assert drawn.get(cv2.CAP_PROP_FPS) == pytest.approx(20)
    original = cv2.VideoCapture(str(path))
    pairs = [(drawn.read()[1], original.read()[1]) for _ in range(100)]
    assert all(a.shape == b.shape for a, b in pairs)
    assert np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairs]) > 1  # something is drawn


def test_a_video_is_one_file_of_arrays(infer, people, tmp_path):
    path = tmp_path / 'still.avi'
    pixels = cv2.resize(cv2.imread(people.path(0)), (320, 240))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 12.5, (320, 240))
    for _ in range(5):
        writer.write(pixels)
    writer.release()
    box = [{'image_id': f'still.avi#{i}', 'bbox': [100, 20, 90, 190]} for i in (1, 2, 4)]
    (tmp_path / 'boxes.json').write_text(json.dumps(box))
    assert infer(path, '--boxes', tmp_path / 'boxes.json', '--save', 'json,npz') == 0
    names = [*(f'still_{i:06d}.json' for i in range(5)), 'still.npz']
    assert written(tmp_path / 'out') == sorted(names)
    clip = read_clip_npz(tmp_path / 'out' / 'still.npz')
    assert clip.fps == pytest.approx(12.5) and clip.frames.tolist() == [0, 1, 2, 3, 4]
    assert clip.tracks.tolist() == [0] and clip.times == pytest.approx(np.arange(5) / 12.5)
    assert np.flatnonzero(clip.present[:, 0]).tolist() == [1, 2, 3, 4]  # 3 is filled in
    assert clip.columns['score'][:, 0].tolist() == [0, 1, 1, 0, 1]
    (one,) = read_json(tmp_path / 'out' / 'still_000002.json').instances
    at = np.flatnonzero(clip.present[2])[0]
    np.testing.assert_array_equal(clip.columns['pose'][2, at], one.pose)


def test_the_tool_is_the_command(repo, config, checkpoint, people, boxes, in_workspace, tmp_path):
    done = subprocess.run(
        [sys.executable, str(repo / 'tools' / 'infer.py'), people.path(0),
         '--model', config, '--checkpoint', checkpoint, '--boxes', str(boxes), '--save', 'json',
         '--out', str(tmp_path / 'tool')],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(written(tmp_path / 'tool')) == 1
