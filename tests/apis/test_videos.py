"""Frames of whole and of damaged videos: when, which way up and in what colors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from video_files import turn_clip, write_clip

from mroi_plugin.apis.inputs import count_images, iterate_images
from mroi_plugin.apis.videos import BT709, iterate_frames

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


UNEVEN = (0.0, 0.1, 0.15, 0.4, 0.5, 0.9)
RED = np.full((HEIGHT, WIDTH, 3), (220, 30, 40), np.uint8)


@pytest.mark.parametrize('ending', ['mp4', 'mkv', 'mov'])
def test_frames_have_the_times_at_which_they_are_shown(tmp_path, ending):
    path = write_clip(tmp_path / f'a.{ending}', [RED] * len(UNEVEN), UNEVEN)
    images = list(iterate_images(path))
    assert [image.time for image in images] == pytest.approx(UNEVEN, abs=1e-3)


def test_frames_without_times_follow_the_rate(tmp_path):
    path = str(write_video(tmp_path / 'a.avi', 'MJPG'))
    times = [time for _, time in iterate_frames(path, WIDTH * HEIGHT)]
    assert times == pytest.approx(np.arange(12) / 10)


@pytest.mark.parametrize('quarters', range(4))
def test_a_phone_that_was_held_upright(tmp_path, quarters):
    """As OpenCV turns it, which is another reader."""
    marked = RED.copy()
    marked[: HEIGHT // 2, : WIDTH // 2] = (20, 200, 220)
    path = turn_clip(write_clip(tmp_path / 'a.mp4', [marked] * 3, (0, 0.1, 0.2)), quarters)
    frames = [pixels for pixels, _ in iterate_frames(str(path), WIDTH * HEIGHT)]
    expected = cv2.VideoCapture(str(path)).read()[1][..., ::-1]
    size = (WIDTH, HEIGHT) if quarters % 2 else (HEIGHT, WIDTH)
    assert len(frames) == 3 and frames[0].shape == (*size, 3) and frames[0].flags.c_contiguous
    assert np.abs(frames[0].astype(int) - expected).mean() < 3


@pytest.mark.parametrize(('colorspace', 'height'), [(BT709, 48), (BT709, 720), (5, 48), (None, 48)])
def test_colors_are_those_that_were_filmed(tmp_path, colorspace, height):
    frame = np.broadcast_to(RED[0, 0], (height, WIDTH, 3))
    path = write_clip(tmp_path / 'a.mp4', [frame] * 2, (0, 0.1), 'h264', colorspace=colorspace)
    pixels, _ = next(iterate_frames(str(path), WIDTH * 720))
    assert np.abs(pixels[8, 8].astype(int) - RED[0, 0]).max() <= 4
