"""Frames of whole and of damaged videos: when, which way up and in what colors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from video_files import set_matrix, turn_clip, write_clip

from mroi_plugin.apis.folders import IMAGES
from mroi_plugin.apis.inputs import count_images, iterate_images
from mroi_plugin.apis.matroska import segment_end
from mroi_plugin.apis.videos import BT709, VIDEOS, iterate_frames

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
    assert last.frame is None and last.name == str(path) and last.error is not None
    assert [frame.frame for frame in frames] == list(range(len(frames)))
    assert COUNT / 4 < len(frames) < COUNT
    assert last.error.startswith(f'{len(frames)} ') and 'are lost' in last.error
    if ending == 'mkv':  # which counts no frames
        assert f'it has {len(data)} of {2 * len(data)} bytes' in last.error


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


@pytest.mark.parametrize('ending', ['mkv', 'webm', 'flv', 'mp4'])
@pytest.mark.parametrize('how', ['sound is longer', 'begins late', 'the last frame stays'])
def test_whole_videos_are_whole(tmp_path, ending, how, recwarn):
    """Though their duration is not that of their frames."""
    codec, sound = {'webm': ('vp9', 'libopus')}.get(ending, ('h264', 'aac'))
    times = np.arange(20) / 10
    late, stays = 5 * (how == 'begins late'), 5 * (how == 'the last frame stays')
    longer = 4 if how == 'sound is longer' else 0
    path = write_clip(
        tmp_path / f'a.{ending}', [RED] * 20, times + late, codec, sound if longer else None,
        sound_s=longer, last_s=stays,
    )  # fmt: skip
    images = list(iterate_images(str(path)))
    assert [image.error for image in images] == [None] * 20
    assert ending == 'flv' or not recwarn.list


def test_the_length_that_matroska_tells(tmp_path):
    path = write_clip(tmp_path / 'a.mkv', [RED] * 3, (0, 0.1, 0.2))
    assert segment_end(str(path)) == path.stat().st_size
    data = path.read_bytes()
    at = data.index(b'\x18\x53\x80\x67') + 4
    for name, changed in {
        'unknown': data[:at] + b'\x01' + 7 * b'\xff' + data[at + 8 :],
        'short': data[: at + 2],
        'empty': b'',
        'other': b'RIFF' + data[4:],
        'zeros': data[:at] + bytes(20),
    }.items():
        (tmp_path / name).write_bytes(changed)
        assert segment_end(str(tmp_path / name)) is None, name


@pytest.mark.parametrize(('pixel', 'width'), [((2, 1), 128), ((8, 9), 57), ((1, 1), 64)])
def test_pixels_that_are_no_squares(tmp_path, pixel, width, recwarn):
    marked = RED.copy()
    marked[:, WIDTH // 2 :] = (20, 200, 220)
    path = write_clip(tmp_path / 'a.mp4', [marked] * 3, (0, 0.1, 0.2), 'h264', pixel=pixel)
    image, *_ = iterate_images(str(path))
    assert image.size == (width, HEIGHT) and image.pixels().shape == (HEIGHT, width, 3)
    change = np.abs(np.diff(image.pixels()[..., 0].astype(int), axis=1)).sum(0).argmax()
    assert change == pytest.approx(width / 2 - 1, abs=1)
    told = [str(warning.message) for warning in recwarn]
    assert len(told) == (width != WIDTH)
    assert all(f'stretched to {width}x48' in line for line in told)


@pytest.mark.parametrize('first', [(1, 0), (-1, 0), (0, 1), (0, -1)])
@pytest.mark.parametrize('side', [1, -1])
def test_frames_that_are_turned_and_mirrored(tmp_path, first, side):
    """(x, y) is shown at x times the first row of the matrix and y times the second."""
    second = np.array([-first[1], first[0]]) * side
    marked = RED.copy()
    marked[: HEIGHT // 2, : WIDTH // 2] = (20, 200, 220)
    path = set_matrix(write_clip(tmp_path / 'a.mp4', [marked] * 2, (0, 0.1)), first, second)
    (pixels, _), *_ = iterate_frames(str(path), WIDTH * HEIGHT)
    corner = np.array(first) * -WIDTH / 4 + second * -HEIGHT / 4  # of the mark, from the middle
    x, y = (np.array(pixels.shape[1::-1]) / 2 + corner).astype(int)
    assert np.abs(pixels[y, x].astype(int) - (20, 200, 220)).max() < 12
    middle = np.abs(pixels.astype(int) - (20, 200, 220)).max(-1) < 60
    assert middle.mean() == pytest.approx(0.25, abs=0.05)


def test_a_name_that_looks_like_a_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / 'a.mp4', [RED] * 3, (0, 0.1, 0.2)).rename('12:30.mp4')
    assert [image.error for image in iterate_images('12:30.mp4')] == [None] * 3
    assert count_images('12:30.mp4') == 3


def test_no_ending_is_of_images_and_of_videos():
    assert not set(IMAGES) & set(VIDEOS) and len(set(VIDEOS)) == len(VIDEOS)


@pytest.mark.parametrize('ending', ['f4v', 'y4m', 'h264', '3g2'])
def test_less_common_videos(tmp_path, ending):
    codec = 'rawvideo' if ending == 'y4m' else 'h264'
    path = write_clip(tmp_path / f'a.{ending}', [RED] * 10, np.arange(10) / 10, codec)
    images = list(iterate_images(str(path)))
    assert [image.error for image in images] == [None] * 10
    assert np.abs(images[4].pixels()[9, 9].astype(int) - RED[0, 0]).max() < 9
