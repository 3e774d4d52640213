"""A video on the command line: what it writes by default, who is followed, what is smoothed."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from video_files import packets_of, write_clip

from mroi_plugin.cli import main
from mroi_plugin.structures.json_file import read_json

FRAMES, WIDTH, HEIGHT = 12, 260, 200
TIMES = np.cumsum([0, *[0.05, 0.2] * 5, 0.05])
MISSED = (4, 5, 6)


@pytest.fixture
def pan(people, tmp_path):
    """An image that the camera pans over, with sound, and boxes of all frames but a few."""
    pixels = cv2.resize(cv2.imread(people.path(0))[..., ::-1], (400, 300))
    frames = [pixels[40 : 40 + HEIGHT, 4 * i : 4 * i + WIDTH]
              for i in range(FRAMES)]  # fmt: skip
    rows = [
        {'image_id': f'pan.mp4#{i}', 'bbox': [180 - 4 * i, 20, 60, 150]}
        for i in range(FRAMES)
        if i not in MISSED
    ]
    (tmp_path / 'boxes.json').write_text(json.dumps(rows))
    return write_clip(tmp_path / 'pan.mp4', frames, TIMES, sound='aac')


@pytest.fixture
def infer(config, checkpoint, tmp_path, in_workspace, pan):
    def run(name, *options):
        given = ['--boxes', tmp_path / 'boxes.json', '--out', tmp_path / name, '--device', 'cpu']
        given += ['--model', config, '--checkpoint', checkpoint]
        assert main(['infer', str(pan), *map(str, given), *options]) == 0
        return [read_json(tmp_path / name / f'pan_{i:06d}.json') for i in range(FRAMES)]

    return run


def test_what_a_video_gives_by_default(infer, pan, tmp_path, capsys):
    results = infer('out')
    assert 'pan.mp4: 1 person followed in 12 frames' in capsys.readouterr().out
    assert [[person.track for person in result.instances] for result in results] == [[0]] * FRAMES
    for i, result in enumerate(results):
        (person,) = result.instances
        np.testing.assert_allclose(person.bbox, [180 - 4 * i, 20, 60, 150], atol=1e-3)
        assert person.score == (0 if i in MISSED else 1)
    drawn = tmp_path / 'out' / 'pan_overlay.mp4'
    assert [time for time, _ in packets_of(drawn, 'video')] == pytest.approx(TIMES, abs=1e-3)
    assert packets_of(drawn, 'audio') == pytest.approx(packets_of(pan, 'audio'), abs=1e-3)
    assert len(list((tmp_path / 'out').glob('pan*'))) == FRAMES + 1


def test_without_smoothing_frames_are_as_alone(infer, inferencer, pan):
    steady, rough = infer('steady'), infer('rough', '--no-smooth', '--save', 'json')
    boxes = np.array([[180.0, 20, 60, 150]])
    (first, *_) = inferencer(pan, boxes={'pan.mp4#0': boxes}, smooth=False)
    np.testing.assert_allclose(rough[0].instances[0].pose, first.instances[0].pose, atol=1e-5)
    shapes = [np.stack([r.instances[0].betas for r in clip]) for clip in (steady, rough)]
    assert np.abs(np.diff(shapes[0], axis=0)).sum() < 0.5 * np.abs(np.diff(shapes[1], axis=0)).sum()
    turned = np.abs(steady[3].instances[0].pose - rough[3].instances[0].pose).max()
    assert 1e-4 < turned < 0.1
    np.testing.assert_array_equal(
        steady[3].instances[0].full_cameras, rough[3].instances[0].full_cameras
    )
