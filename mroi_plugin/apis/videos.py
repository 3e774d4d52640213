"""Frames of a video, and whether all that its header promises came."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import cv2
import numpy as np

VIDEOS = (
    *('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm'),
    *('.mpg', '.mpeg', '.wmv', '.flv', '.3gp', '.ogv', '.mts', '.m2ts'),
)
COUNTED = ('.mp4', '.m4v', '.mov', '.avi', '.3gp')
"""Formats whose header counts the frames; others tell a duration, at best."""
MAX_LOST_S = 0.5
"""Of a duration, which is no exact measure of the last frame."""


MAX_UNSHOWN = 2
"""Frames that a header may count and a whole video not show: edit lists leave out the first."""


class VideoError(ValueError):
    """A video that cannot be read, or not to its end."""


def count_frames(path: str) -> int:
    """Number of frames as the header says, 1 at least."""
    video = cv2.VideoCapture(path)
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    video.release()
    return max(count, 1)


def iterate_frames(path: str, max_pixels: int) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 RGB, read when they are asked for.

    Args:
        path: of the video.
        max_pixels: most that a frame may have.

    Raises:
        VideoError: before the first frame if there is none or it is too large; after the last if
            the header promises more.
    """
    video = cv2.VideoCapture(path)
    try:
        width, height = (
            video.get(p) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if width * height > max_pixels:
            raise VideoError(
                f'it claims frames of {width:.0f}x{height:.0f} pixels, more than '
                f'max_pixels={max_pixels}: shrink it, or raise max_pixels of LoadImage in the '
                'config.'
            )
        number, reached_s = 0, 0.0
        while True:
            reached_s = max(reached_s, video.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            done, frame = video.read()
            if not done:
                break
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            number += 1
        if not number:
            raise VideoError('it cannot be read as a video, or has no frame.')
        _check_end(video, path, number, reached_s)
    finally:
        video.release()


def _check_end(video: cv2.VideoCapture, path: str, number: int, reached_s: float) -> None:
    count, rate = (video.get(p) for p in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS))
    if path.lower().endswith(COUNTED):
        lost = number < count
    else:
        lost = rate > 0 and count > 0 and reached_s < count / rate - MAX_LOST_S
    if not lost:
        return
    problem = f'{number} of {count:.0f} frames could be read'
    if count - number > MAX_UNSHOWN:
        raise VideoError(
            f'{problem}; these have results, the others are lost: the file is cut off or damaged.'
        )
    warnings.warn(f'{path}: {problem}.', stacklevel=2)
