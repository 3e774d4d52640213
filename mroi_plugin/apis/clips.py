"""Files of whole videos, from results that come frame by frame."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import av

from mroi_plugin.apis import videos
from mroi_plugin.apis.video_sources import reopen_video
from mroi_plugin.structures.clip import build_clip
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.structures.rig import Rig
from mroi_plugin.structures.writers import CLIP_FORMATS, write_clip

MAX_DEVIATION = 0.02
"""Of the rate of a header from the true one: times are rounded to milliseconds in some formats."""


def frame_rate(video: str, frames: Sequence[ImageResult]) -> float:
    """Frames per second on average: as the header of a video says, if the times of its frames agree
    to `MAX_DEVIATION`, or as these say; `videos.FALLBACK_RATE` where neither does."""
    try:
        with reopen_video(video) as container:
            told = float(videos.frame_rate(container.streams.video[0]))
    except (OSError, av.FFmpegError, IndexError):
        told = None
    first, last = frames[0], frames[-1]
    if first.time is None or last.time is None or last.time <= first.time:
        return told or float(videos.FALLBACK_RATE)
    seen = (last.frame - first.frame) / (last.time - first.time)
    return told if told and abs(seen / told - 1) <= MAX_DEVIATION else seen


class ClipFiles:
    """Gathers the frames of a video, without meshes, and writes its files when `close` is called.

    Args:
        formats: those of `CLIP_FORMATS` are written.
        rig: of the body of the results, see `rig_of`; ``glb`` and ``bvh`` need it.
    """

    def __init__(self, formats: Sequence[str], rig: Rig | None) -> None:
        self.formats = [name for name in formats if name in CLIP_FORMATS]
        self.rig = rig
        self.video, self.stem = '', Path()
        self.frames: list[ImageResult] = []

    def add(self, video: str, stem: Path, frame: ImageResult) -> None:
        """Keep a frame.

        Args:
            video: path of the video.
            stem: path of its files without extension.
            frame: result of the video's next frame.

        Raises:
            ValueError: if a format needs a rig and there is none.
        """
        if not self.formats:
            return
        if self.rig is None and self.formats != ['npz']:
            raise ValueError(
                f'{video}: {", ".join(self.formats)} of a video needs the rig of the body: '
                'Saver(..., rig=rig_of(model.body_model)).'
            )
        self.video, self.stem = video, stem
        self.frames.append(frame.without_meshes())

    def close(self) -> list[Path]:
        """Write the files of the video; warns of people whom no animation has, for nobody followed
        them."""
        frames, self.frames = self.frames, []
        if not frames:
            return []
        clip = build_clip(self.video, frames, frame_rate(self.video, frames))
        lost = int(clip.present[:, clip.tracks < 0].sum())
        if lost and self.formats != ['npz']:
            warnings.warn(
                f'{self.video}: {lost} bodies of people who were not followed through the video '
                'are in no GLB or BVH file; npz and json have them.',
                stacklevel=2,
            )
        return write_clip(clip, self.rig, self.stem, self.formats)

    def discard(self) -> None:
        """Forget the frames, of a run that was stopped."""
        self.frames = []
