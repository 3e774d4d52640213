"""Results from files find the images that they are of."""

from __future__ import annotations

import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from mroi_plugin.apis import result_pictures
from mroi_plugin.apis.result_pictures import keep_picture, read_pictures, result_files
from mroi_plugin.structures.clip import build_clip
from mroi_plugin.structures.clip_npz import write_clip_npz
from mroi_plugin.structures.npz_file import write_npz
from mroi_plugin.structures.results import ImageResult


def no_body():
    raise AssertionError('images need none')


def result(name, size=(64, 48), frame=None):
    return ImageResult(str(name), size, faces=np.zeros((1, 3), np.int64), frame=frame)


def test_images_are_found_where_they_were_and_beside_the_results(tmp_path):
    for folder in ('images', 'results'):
        (tmp_path / folder).mkdir()
    for name, gray in (('a', 50), ('b', 200), ('gone', 0), ('other_size', 0)):
        path = tmp_path / 'images' / f'{name}.png'
        Image.new('L', (64, 48), gray).save(path)
        size = (32, 24) if name == 'other_size' else (64, 48)
        write_npz(result(path, size), tmp_path / 'results' / name)
    shutil.move(tmp_path / 'images' / 'b.png', tmp_path / 'results' / 'b.png')
    (tmp_path / 'images' / 'gone.png').unlink()
    files = result_files(str(tmp_path / 'results'))
    with pytest.warns(UserWarning, match=r'gone.png and 1 more: the image is not there'):
        found = list(read_pictures(files, no_body))
    pixels = [picture.pixels() for picture in found]
    assert pixels[0].shape == (48, 64, 3) and abs(int(pixels[0].mean()) - 50) < 2
    assert abs(int(pixels[1].mean()) - 200) < 2 and pixels[2] is pixels[3] is None


def test_frames_of_a_video(tmp_path):
    path = tmp_path / 'v.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    for i in range(6):
        writer.write(np.full((48, 64, 3), 40 * i, np.uint8))
    writer.release()
    for frame in (1, 3, 4):
        write_npz(result(f'{path}#{frame:06d}', frame=frame), tmp_path / f'v_{frame:06d}')
    found = list(read_pictures(result_files(str(tmp_path)), no_body))
    assert [round(picture.pixels().mean() / 40) for picture in found] == [1, 3, 4]


def test_pictures_are_reduced(monkeypatch):
    monkeypatch.setattr(result_pictures, 'LONGEST', 40)
    image = np.zeros((100, 80, 3), np.uint8)
    image[..., 0] = 255
    picture = keep_picture(replace(result('a.jpg', (80, 100)), image=image))
    assert picture.result.image is None and picture.pixels().shape == (40, 32, 3)
    assert (picture.pixels().mean((0, 1)) > [250, -1, -1]).all()
    assert keep_picture(result('a.jpg')).pixels() is None


def test_two_runs_of_a_video_and_what_is_half_written(inferencer, tmp_path):
    """Each clip has the frames from their start; a writer's own file is none yet."""
    path = str(tmp_path / 'a.avi')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    for level in (30, 130, 230):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    frames = [result(f'{path}#{number:06d}', frame=number) for number in range(3)]
    files = []
    for run in ('first', 'second'):
        (tmp_path / run).mkdir()
        files.append(str(write_clip_npz(build_clip(path, frames, 10.0), tmp_path / run / 'a')))
        (tmp_path / run / '.a.npz.1234.part.npz').write_bytes(b'PK')
        assert result_files(str(tmp_path / run)) == files[-1:]
    pictures = read_pictures(files, lambda: inferencer.model.body_model)
    levels = [picture.pixels().mean() for picture in pictures]
    assert levels == pytest.approx([30, 130, 230] * 2, abs=2)
