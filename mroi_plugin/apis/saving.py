"""Results to files: data by `mroi_plugin.structures`, pictures and videos here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from mroi_plugin.apis.clips import ClipFiles
from mroi_plugin.apis.overlay_video import OverlayVideo
from mroi_plugin.apis.video_stages import video_of
from mroi_plugin.apis.videos import FALLBACK_RATE
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.structures.rig import Rig
from mroi_plugin.structures.writers import CLIP_FORMATS, WRITERS
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.utils.names import safe_stem
from mroi_plugin.visualization.drawing import write_image
from mroi_plugin.visualization.scene import meshes_over_image, result_row

FORMATS = (*WRITERS, 'bvh', 'overlay', 'video')
OF_RUN = 'results_coco'
"""Stem of the file of a whole run."""
SAVING_ERRORS = (OSError, ValueError, MemoryError, cv2.error, av.FFmpegError)
"""What is wrong with the files of one result, and not with the run."""


class Saver:
    """Writes results as they come; each file appears when it is whole.

    Images become ``NAME.json``, ``NAME_overlay.jpg`` and so on, frames ``VIDEO_000012.json``, and
    a video ``VIDEO_overlay.mp4`` and the files of `write_clip`, ``VIDEO.npz`` and so on. Where two
    would have the same name, the second is numbered. All lie in the folder, whatever the images are
    called.

    Args:
        folder: for the files; it is made.
        formats: some of ``FORMATS``.
        crop_size: (w, h) px of the crops, for pictures of RoIs.
        rig: of the body of the results, see `rig_of`; ``glb`` and ``bvh`` of videos need it.
        side_view: overlays are rows of pictures: joints and RoIs, bodies, and these from the right
            and from above; else the bodies over the image, as large as it is.

    Raises:
        ValueError: for an unknown format.
    """

    def __init__(
        self,
        folder: str,
        formats: Sequence[str],
        crop_size: tuple[int, int],
        rig: Rig | None = None,
        side_view: bool = False,
    ) -> None:
        unknown = sorted(set(formats) - set(FORMATS))
        if unknown:
            raise ValueError(f'--save {",".join(unknown)}: expected some of {", ".join(FORMATS)}.')
        self.folder, self.formats, self.crop_size = Path(folder), tuple(formats), crop_size
        self.side_view = side_view
        self.folder.mkdir(parents=True, exist_ok=True)
        self._names: dict[str, str] = {}
        self._taken = {OF_RUN: 1}
        self._video: OverlayVideo | None = None
        self._clip = ClipFiles(formats, rig)

    def save(self, result: ImageResult) -> list[Path]:
        """Write a result; of one with an error nothing is written."""
        if result.error is not None:
            return []
        stem = self._stem(result)
        whole = () if result.frame is None else CLIP_FORMATS
        names = [name for name in self.formats if name in WRITERS and name not in whole]
        written = [WRITERS[name](result, stem) for name in names]
        files = [path for path in written if path is not None]
        if result.frame is not None:
            files += self._clip.add(video_of(result), self.folder / self._base(result), result)
        if 'overlay' in self.formats and result.frame is None:
            files.append(write_image(f'{stem}_overlay.jpg', self._overlay(result)))
        if 'video' in self.formats and result.frame is not None:
            files += self._add_frame(result)
        return files

    def _overlay(self, result: ImageResult) -> np.ndarray:
        if self.side_view:
            return result_row(result.image, result.instances, result.faces, self.crop_size)
        return meshes_over_image(result.image, result.instances, result.faces)

    def close(self) -> list[Path]:
        """Finish the video that is being written."""
        files = [] if self._video is None else [self._video.close()]
        self._video = None
        return files + self._clip.close()

    def discard(self) -> None:
        """Remove the video that is being written, of a run that was stopped."""
        if self._video is not None:
            self._video.discard()
        self._video = None
        self._clip.discard()

    def _stem(self, result: ImageResult) -> Path:
        base = self._base(result)
        if result.frame is None:
            return self.folder / base
        return self.folder / self._unique(result.name, f'{base}_{result.frame:06d}')

    def _base(self, result: ImageResult) -> str:
        """Name of the files of an image, or of a frame's video."""
        source = result.name if result.frame is None else video_of(result)
        return self._unique(source, safe_stem(source))

    def _unique(self, source: str, base: str) -> str:
        """The same name for a source as before, or one that no other has in upper or lower case."""
        if source not in self._names:
            name = base
            while name.casefold() in self._taken:
                self._taken[base.casefold()] += 1
                name = f'{base}_{self._taken[base.casefold()]}'
            self._taken[name.casefold()] = 1
            self._names[source] = name
        return self._names[source]

    def _add_frame(self, result: ImageResult) -> list[Path]:
        source, done = video_of(result), []
        if self._video is None or self._video.source != source:
            done = [] if self._video is None else [self._video.close()]
            target = self.folder / f'{self._base(result)}_overlay.mp4'
            self._video = OverlayVideo(source, target, result.size)
        colors = [instance_color(instance.track) for instance in result.instances]
        drawn = meshes_over_image(result.image, result.instances, result.faces, colors)
        time = result.frame / float(FALLBACK_RATE) if result.time is None else result.time
        self._video.add(drawn, time)
        return done
