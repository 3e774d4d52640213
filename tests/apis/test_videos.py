"""Frames of whole and of damaged videos."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mroi_plugin.apis.inputs import count_images, iterate_images

WIDTH, HEIGHT, COUNT = 64, 48, 60


def write_video(path, code='mp4v', count=12, noise=False):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), 10, (WIDTH, HEIGHT))
    rng = np.random.default_rng(0)
    for i in range(count):
        frame = np.full((HEIGHT, WIDTH, 3), 20 * i % 256, np.uint8)
        writer.write(rng.integers(0, 255, frame.shape, np.uint8) if noise else frame)
    writer.release()
    return path


def test_videos_are_read_frame_by_frame(tmp_path):
    path = str(write_video(tmp_path / 'a.mp4'))
    assert count_images(path) == 12
    images = iterate_images(path)
    first = next(images)
    assert first.frame == 0 and first.name == f'{path}#000000'
    rest = list(images)
    assert [p.frame for p in rest] == list(range(1, 12))
    levels = [p.pixels().mean() for p in rest]
    assert np.all(np.diff(levels) > 10)


@pytest.mark.parametrize(('ending', 'code'), [('avi', 'MJPG'), ('mkv', 'MJPG'), ('mov', 'mp4v')])
def test_a_video_that_ends_in_its_middle(tmp_path, ending, code):
    """The frames that came are there, then the loss; a whole one of the format has none."""
    path = write_video(tmp_path / f'a.{ending}', code, COUNT, noise=True)
    assert [image.error for image in iterate_images(path)] == [None] * COUNT
    data = path.read_bytes()
    if ending == 'mov':  # whose index is at the end: without the pixels of the last frames
        at = data.rindex(b'moov') - 4
        data = data[: at // 2] + bytes(at - at // 2) + data[at:]
    else:
        data = data[: len(data) // 2]
    path.write_bytes(data)
    *frames, last = iterate_images(path)
    if ending == 'mkv':  # a header that counts no frames, but tells a duration
        assert 'frames could be read' in last.error
    assert last.frame is None and last.name == str(path) and last.error is not None
    assert [frame.frame for frame in frames] == list(range(len(frames)))
    assert COUNT / 4 < len(frames) < COUNT
    assert f'{len(frames)} of ' in last.error and 'are lost' in last.error


def test_frames_larger_than_allowed(tmp_path):
    path = write_video(tmp_path / 'a.avi', 'MJPG')
    (image,) = iterate_images(path, max_pixels=WIDTH * HEIGHT - 1)
    assert 'frames of 64x48 pixels, more than max_pixels=3071' in image.error
