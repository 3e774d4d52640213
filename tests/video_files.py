"""Videos as cameras and editors make them: uneven times, sound, turned, with and without tags."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np

CLOCK = Fraction(1, 1000)
TURN_OFFSET = 44
"""Bytes from the name of MP4's track header to its matrix."""


def write_clip(
    path,
    frames,
    times,
    codec='mpeg4',
    sound=None,
    colorspace=None,
    pixels='yuv420p',
    pixel=(1, 1),
    sound_s=None,
    last_s=0.1,
):
    """Write frames (H, W, 3) uint8 RGB shown at times, s, and a tone of the same length.

    Args:
        path: of the video.
        frames: as many as times.
        times: s.
        codec: of the video.
        sound: codec of the tone; None for silence.
        colorspace: FFmpeg's number of the matrix to convert with and to tag; None as FFmpeg does.
        pixels: format.
        pixel: width and height of a pixel, in proportion.
        sound_s: length of the tone; None for that of the frames.
        last_s: for which the last frame is shown.
    """
    with av.open(str(path), 'w') as file:
        video = file.add_stream(codec, rate=10)
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt, video.time_base = pixels, CLOCK
        video.codec_context.time_base = CLOCK
        video.codec_context.sample_aspect_ratio = Fraction(*pixel)
        if colorspace is not None:
            video.codec_context.colorspace = colorspace
        tone = None if sound is None else file.add_stream(sound, rate=48000)
        for array, time in zip(frames, times):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format='rgb24')
            frame = frame.reformat(format=pixels, dst_colorspace=colorspace)
            frame.pts, frame.time_base = round(time / CLOCK), CLOCK
            last = time == times[-1]
            for packet in (*video.encode(frame), *(video.encode(None) if last else ())):
                if last and packet.pts == frame.pts:
                    packet.duration = round(last_s / packet.time_base)
                file.mux(packet)
        if tone is not None:
            file.mux(
                [
                    packet
                    for frame in _tone(tone, sound_s or times[-1])
                    for packet in tone.encode(frame)
                ]
            )
            file.mux(tone.encode(None))
    return path


def _tone(stream, seconds):
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(stream.format, stream.layout, 48000)
    for start in range(0, int(seconds * 48000), size):
        wave = 0.1 * np.sin(2 * np.pi * 440 * np.arange(start, start + size) / 48000)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], 'fltp', 'mono')
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        yield from resampler.resample(frame)


def turn_clip(path, quarters):
    """Have an MP4 file be shown turned clockwise by quarters, as phones do."""
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]
    return set_matrix(path, (c, s), (-s, c))


def set_matrix(path, first, second):
    """Have an MP4 file be shown by a matrix of two rows of two whole numbers."""
    data = bytearray(path.read_bytes())
    at = data.index(b'tkhd') + TURN_OFFSET
    (a, b), (c, d) = ([int(value) << 16 for value in row] for row in (first, second))
    data[at : at + 36] = struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def packets_of(path, kind):
    """Times, s, and bytes of the packets of sound or pictures."""
    with av.open(str(path)) as file:
        stream = next(iter(getattr(file.streams, kind)))
        return [(float(p.pts * p.time_base), bytes(p)) for p in file.demux(stream) if p.size]
