"""A video that browsers play: H.264 in MP4, with the times and the sound of another."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.codec.context import Flags

from mroi_plugin.apis.video_sources import reopen_video
from mroi_plugin.apis.videos import BT709, FALLBACK_RATE, frame_rate, start_time
from mroi_plugin.utils.atomic_files import atomic_file

CLOCK = Fraction(1, 90_000)
"""Unit of the times of frames, s: a multiple of what common frame rates need."""
QUALITY = {'crf': '20', 'preset': 'veryfast', 'bf': '0'}
"""Of x264. Without B-frames, whose order of decoding makes MP4's durations wrong where the rate
varies."""
CODEC_ERRORS = (av.FFmpegError, OSError)


class OverlayVideo:
    """A video that is written to a temporary file, which is renamed in the end.

    Odd sizes are made even by a row or column that repeats the last, as chroma at half the size
    needs it. Sound is copied as it is; what MP4 cannot hold is left out with a warning.

    Args:
        source: path or address of the video that the sound is of; none where there is no such
            file, and of a camera.
        target: path to write to.
        size: (w, h) px of the frames; others are resized to it.

    Raises:
        OSError: if it cannot be written.
    """

    def __init__(self, source: str, target: Path, size: tuple[int, int]) -> None:
        self.source, self.target, self.size = source, target, size
        self.file = ExitStack()
        part = str(self.file.enter_context(atomic_file(target)))
        try:
            self.container = av.open(part, 'w', options={'movflags': 'faststart'})
            given = self._open_source()
            videos = given.streams.video if given else ()
            self.stream = self._video_stream(frame_rate(videos[0]) if videos else FALLBACK_RATE)
            self._sound = self._packets(given) if given else iter(())
        except (*CODEC_ERRORS, ValueError) as error:
            self._drop()
            raise OSError(
                f'{target} cannot be written as an H.264 video of {size[0]}x{size[1]}: {error}'
            ) from error
        self._waiting = next(self._sound, None)
        self._last = -1

    def add(self, pixels: np.ndarray, time: float) -> None:
        """Append a frame (H, W, 3) uint8 RGB that is shown at a time, s, after the one before."""
        if pixels.shape[1::-1] != self.size:
            pixels = cv2.resize(pixels, self.size, interpolation=cv2.INTER_AREA)
        height, width = pixels.shape[:2]
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), 'edge')
        frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
        frame = frame.reformat(format='yuv420p', dst_colorspace='ITU709', dst_color_range='MPEG')
        self._last = max(round(time / CLOCK), self._last + 1)
        frame.pts, frame.duration, frame.time_base = self._last, self._shown, CLOCK
        self._write_sound(time)
        self.container.mux(self.stream.encode(frame))

    def close(self, whole: bool = True) -> Path:
        """Finish the file; returns its path.

        Args:
            whole: all frames of the source were added, so that all of its sound follows; else only
                that of these frames does.
        """
        self.container.mux(self.stream.encode(None))
        self._write_sound(float('inf') if whole else float((self._last + self._shown) * CLOCK))
        self.container.close()
        self.file.close()
        return self.target

    def discard(self) -> None:
        """Leave nothing, of a run that was stopped."""
        with suppress(*CODEC_ERRORS):
            self.container.close()
        self._drop()

    def _drop(self) -> None:
        stopped = InterruptedError('the run was stopped')
        self.file.__exit__(type(stopped), stopped, None)  # which keeps nothing

    def _open_source(self) -> av.container.InputContainer | None:
        try:
            return self.file.enter_context(reopen_video(self.source))
        except CODEC_ERRORS:
            return None

    def _video_stream(self, rate: Fraction) -> av.VideoStream:
        stream = self.container.add_stream('h264', rate=rate, options=QUALITY)
        stream.width, stream.height = (side + side % 2 for side in self.size)
        stream.pix_fmt = 'yuv420p'
        stream.time_base = stream.codec_context.time_base = CLOCK
        context = stream.codec_context
        context.flags |= Flags.frame_duration
        self._shown = round(1 / rate / CLOCK)
        context.colorspace = context.color_primaries = context.color_trc = BT709
        return stream

    def _packets(self, source: av.container.InputContainer) -> Iterator[av.Packet]:
        """Packets of sound for the file, in the order of the source and from its start."""
        copies = {}
        for stream in source.streams.audio:
            name = getattr(stream.codec_context, 'name', 'of an unknown kind')
            if name in self.container.supported_codecs:
                copies[stream] = self.container.add_stream_from_template(stream)
            else:
                warnings.warn(
                    f'{self.source}: its sound, {name}, cannot be in MP4; the video is written '
                    'without.',
                    stacklevel=2,
                )
        return self._copied(source, copies) if copies else iter(())

    def _copied(
        self,
        source: av.container.InputContainer,
        copies: dict[av.AudioStream, av.AudioStream],
    ) -> Iterator[av.Packet]:
        with suppress(*CODEC_ERRORS):  # a file that is cut
            for packet in source.demux(list(copies)):
                if packet.dts is not None and packet.pts is not None:
                    start = round(start_time(source) / packet.time_base)
                    packet.pts, packet.dts = packet.pts - start, packet.dts - start
                    packet.stream = copies[packet.stream]
                    yield packet

    def _write_sound(self, until: float) -> None:
        """Sound up to a time, s; of files put together, the sound of the first."""
        while self._waiting is not None and self._waiting.dts * self._waiting.time_base <= until:
            with suppress(ValueError):  # FFmpeg refuses a packet that is earlier than the last
                self.container.mux(self._waiting)
            self._waiting = next(self._sound, None)
