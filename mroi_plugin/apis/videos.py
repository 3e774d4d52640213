"""Frames of a video, upright, with their times, and whether all that its header promises came."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.sidedata.sidedata import Type as SideData
from av.video.reformatter import Colorspace

from mroi_plugin.apis.matroska import segment_end
from mroi_plugin.apis.video_sources import is_live, open_video

VIDEOS = (
    *('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm'),
    *('.mpg', '.mpeg', '.wmv', '.flv', '.3gp', '.ogv', '.mts', '.m2ts'),
    *('.3g2', '.asf', '.dv', '.f4v', '.h264', '.hevc', '.m2v', '.mxf', '.vob', '.y4m'),
)
MATROSKA = ('.mkv', '.webm')
COUNTED = ('.mp4', '.m4v', '.mov', '.avi', '.3gp')
"""Formats whose header counts the frames; others tell a duration, at best."""
MAX_LOST_S = 0.5
"""Of a duration, which is no exact measure of the last frame."""
MAX_UNSHOWN = 2
"""Frames that a header may count and a whole video not show: edit lists leave out the first."""
LOST = 'frames could be read; these have results, the others are lost: the file is cut off'
FALLBACK_RATE = Fraction(25)
"""Frames per second, where a file tells none."""

BT709, UNSPECIFIED, BT2020 = 1, 2, (9, 10)
"""Numbers of color matrices, as H.264 and FFmpeg have them."""
HD_LINES = 720
"""Height from which on an untold matrix is that of BT.709; below, of BT.601."""


class VideoError(ValueError):
    """A video that cannot be read, or not to its end."""


def frame_rate(video: av.VideoStream) -> Fraction:
    """Frames per second on average, as the header says."""
    return video.average_rate or video.guessed_rate or FALLBACK_RATE


def start_time(container: av.container.InputContainer) -> float:
    """Time, s, of the file's clock when it begins."""
    return (container.start_time or 0) / av.time_base


def count_frames(path: str) -> int:
    """Number of frames as the header says, 1 at least."""
    try:
        with open_video(path) as container:
            return max(_promised_frames(container), 1)
    except (OSError, av.FFmpegError, IndexError):
        return 1


def iterate_frames(path: str, max_pixels: int) -> Iterator[tuple[np.ndarray, float]]:
    """Frames (H, W, 3) uint8 RGB, read when they are asked for, and when each is shown, s from the
    start of the file, which increases.

    Frames are turned and mirrored as the file says, and stretched where its pixels are no squares,
    which is warned of; what cannot be decoded is left out.

    Args:
        path: of the video, or as `open_video` takes it.
        max_pixels: most that a frame may have.

    Raises:
        VideoError: before the first frame if there is none or it is too large; after the last if
            there was more, as the header or the length of the file says.
    """
    try:
        container = open_video(path)
    except (OSError, av.FFmpegError) as error:
        problem = f'it cannot be read as a video, or has no frame ({_reason(error)}).'
        raise VideoError(problem) from error
    with container:
        number, time, start = 0, 0.0, start_time(container)
        for frame in _decoded(container, path, max_pixels):
            if is_live(path) and not number:
                start = frame.time or 0.0
            shown = None if frame.time is None else frame.time - start
            if shown is not None and (not number or shown > time):
                time = shown
            elif number:
                time += float(1 / frame_rate(container.streams.video[0]))
            yield _upright(_rgb(frame, container.streams.video[0]), frame), time
            number += 1
        if not number:
            raise VideoError('it cannot be read as a video, or has no frame.')
        _check_end(container, path, number, time)


def _reason(error: OSError | av.FFmpegError) -> str:
    return error.strerror or str(error)


def _shown_width(width: int, video: av.VideoStream) -> int:
    """Of frames so wide, px, in pixels that are squares."""
    return max(round(width * (video.sample_aspect_ratio or 1)), 1)


def _decoded(
    container: av.container.InputContainer, path: str, max_pixels: int
) -> Iterator[av.VideoFrame]:
    """Frames of all packets that can be read and decoded."""
    if not container.streams.video:
        return
    video = container.streams.video[0]
    width = _shown_width(video.width, video)
    if max(width, video.width) * video.height > max_pixels:
        raise VideoError(
            f'it claims frames of {width}x{video.height} pixels, more than '
            f'max_pixels={max_pixels}: shrink it, or raise max_pixels of LoadImage in the config.'
        )
    if width != video.width:
        warnings.warn(
            f'{path}: its pixels are no squares; frames of {video.width}x{video.height} are '
            f'stretched to {width}x{video.height}, which boxes and cameras are of.',
            stacklevel=2,
        )
    packets = container.demux(video)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            packet = None
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from frames


def _upright(pixels: np.ndarray, frame: av.VideoFrame) -> np.ndarray:
    """Pixels (H, W, 3) turned by quarters and mirrored as the file says: by a matrix that takes
    (x, y) of the stored frame to ``(a x + c y, b x + d y)`` of the shown one."""
    matrix = frame.side_data.get(SideData.DISPLAYMATRIX)
    if matrix is None:
        return pixels
    (a, b), (c, d) = np.frombuffer(matrix, np.int32).reshape(3, 3)[:2, :2].tolist()
    to_x, to_y = a, d
    if abs(b) + abs(c) > abs(a) + abs(d):
        pixels, to_x, to_y = pixels.swapaxes(0, 1), c, b
    return np.ascontiguousarray(pixels[:: -1 if to_y < 0 else 1, :: -1 if to_x < 0 else 1])


def _rgb(frame: av.VideoFrame, video: av.VideoStream) -> np.ndarray:
    """Square pixels, colors by the matrix and range that the file tells, or that players assume.

    PyAV hands them to FFmpeg only where the source's matrix is not the target's, which RGB has none
    of.
    """
    unknown = frame.colorspace == UNSPECIFIED
    matrices = Colorspace.ITU601, Colorspace.ITU709
    if frame.colorspace in (BT709, *BT2020) or (unknown and frame.height >= HD_LINES):
        matrices = matrices[::-1]
    source, other = matrices
    return frame.to_ndarray(
        format='rgb24',
        width=_shown_width(frame.width, video),
        src_colorspace=source,
        dst_colorspace=other,
        src_color_range=frame.color_range,
    )


def _promised_frames(container: av.container.InputContainer) -> int:
    video = container.streams.video[0]
    return video.frames or round((container.duration or 0) / av.time_base * frame_rate(video))


def _check_end(
    container: av.container.InputContainer, path: str, number: int, reached_s: float
) -> None:
    """Raise or warn if the file has lost its end.

    What counts: the number of frames, where the header tells it; of Matroska, the length that the
    file should have, for its duration is also that of its sound. Other durations tell less: the
    last frame may be shown for long.
    """
    ending = os.path.splitext(path.lower())[1]
    video = container.streams.video[0]
    if ending in COUNTED and video.frames:
        missing = video.frames - number
        if missing > MAX_UNSHOWN:
            raise VideoError(f'{number} of {video.frames} {LOST} or damaged.')
        if missing > 0:
            told = f'{path}: {number} of {video.frames} frames could be read.'
            warnings.warn(told, stacklevel=2)
        return
    if ending in MATROSKA and os.path.isfile(path):
        end, size = segment_end(path), os.path.getsize(path)
        if end is not None and size < end:
            raise VideoError(f'{number} {LOST}, it has {size} of {end} bytes.')
        return
    duration = float((video.duration or 0) * (video.time_base or 0))
    if reached_s < duration - MAX_LOST_S:
        warnings.warn(
            f'{path}: its header tells {duration:.1f} s, its last frame is at {reached_s:.1f} s; '
            'if it should be longer, the file is cut off.',
            stacklevel=2,
        )
