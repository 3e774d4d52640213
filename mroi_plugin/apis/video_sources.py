"""Where images and videos come from other than files: http(s) addresses and cameras."""

from __future__ import annotations

import http.client
import os.path as osp
import sys
import urllib.request

import av

ADDRESS = ('http://', 'https://')
CAMERA = 'camera:'
"""Begins the name of a camera, which ends in its number."""
DRIVERS = {'linux': ('/dev/video{}', 'v4l2'), 'darwin': ('{}:none', 'avfoundation')}
"""Name of a camera and FFmpeg's driver for it, by platform."""
TIMEOUT_S = 20.0
"""That a server may take to answer, or to send more."""
MAX_BYTES = 2**28
"""Of an image that is fetched."""


def is_address(text: str) -> bool:
    """Whether it is of the web."""
    return text.lower().startswith(ADDRESS)


def camera_name(text: str) -> str | None:
    """Name of the camera that is meant by its number, ``0`` or ``camera:0``; None if it is none, as
    when there is a file of that name.

    Example:
        >>> camera_name('0'), camera_name('camera:12'), camera_name('0.jpg')
        ('camera:0', 'camera:12', None)
    """
    number = text[len(CAMERA) :] if text.startswith(CAMERA) else text
    is_number = number.isascii() and number.isdigit()
    return f'{CAMERA}{int(number)}' if is_number and not osp.exists(text) else None


def is_live(source: str) -> bool:
    """Whether a video is of a camera: without an end, and never twice the same."""
    return source.startswith(CAMERA)


def open_video(source: str) -> av.container.InputContainer:
    """A video for reading.

    Args:
        source: path of a file, address, or `camera_name`.

    Raises:
        OSError: if there is no driver for cameras here.
        av.FFmpegError: if it cannot be opened.
    """
    if is_live(source):
        if sys.platform not in DRIVERS:
            raise OSError(f'cameras are read on {" and ".join(DRIVERS)} alone')
        name, driver = DRIVERS[sys.platform]
        return av.open(name.format(source[len(CAMERA) :]), format=driver)
    if is_address(source):
        return av.open(source, timeout=TIMEOUT_S)
    return av.open(osp.abspath(source))  # or FFmpeg takes what is before a colon for a protocol


def reopen_video(source: str) -> av.container.InputContainer:
    """A video for reading it a second time.

    Raises:
        OSError: of a camera, whose frames do not come again; see `open_video`.
        av.FFmpegError: see `open_video`.
    """
    if is_live(source):
        raise OSError(f'{source}: a camera cannot be read twice')
    return open_video(source)


def fetch(address: str) -> bytes:
    """The bytes at an address.

    Raises:
        OSError: if they cannot be had, or are more than `MAX_BYTES`.
    """
    try:
        request = urllib.request.Request(address, headers={'User-Agent': 'mroi_plugin'})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            data = answer.read(MAX_BYTES + 1)
    except (http.client.HTTPException, ValueError) as error:  # a broken answer or address
        told = ' '.join(str(error).split())
        raise OSError(f'{type(error).__name__}: {told}') from error
    if len(data) > MAX_BYTES:
        raise OSError(f'more than {MAX_BYTES // 2**20} MB')
    return data
