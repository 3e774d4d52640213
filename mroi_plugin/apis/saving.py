"""Results to files: data by `mroi_plugin.structures`, pictures and videos here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

from mroi_plugin.apis.trackers.overlap_tracker import Tracks
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.structures.writers import WRITERS
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.utils.names import safe_stem
from mroi_plugin.visualization.drawing import write_image
from mroi_plugin.visualization.scene import meshes_over_image, result_row

FORMATS = (*WRITERS, 'overlay', 'video')
OF_RUN = 'results_coco'
"""Stem of the file of a whole run."""
FALLBACK_FPS = 25.0
SAVING_ERRORS = (OSError, ValueError, MemoryError, cv2.error)
"""What is wrong with the files of one result, and not with the run."""


class Saver:
    """Writes results as they come; each file appears when it is whole.

    Images become ``NAME.json``, ``NAME_overlay.jpg`` and so on, frames ``VIDEO_000012.json``, and
    a video ``VIDEO_overlay.mp4``. Where two would have the same name, the second is numbered. All
    lie in the folder, whatever the images are called.

    Args:
        folder: for the files; it is made.
        formats: some of ``FORMATS``.
        crop_size: (w, h) px of the crops, for pictures of RoIs.
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
        self._video: _Video | None = None

    def save(self, result: ImageResult) -> list[Path]:
        """Write a result; of one with an error nothing is written."""
        if result.error is not None:
            return []
        stem = self._stem(result)
        files = [WRITERS[name](result, stem) for name in self.formats if name in WRITERS]
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
        return files

    def discard(self) -> None:
        """Remove the video that is being written, of a run that was stopped."""
        if self._video is not None:
            self._video.discard()
        self._video = None

    def _stem(self, result: ImageResult) -> Path:
        if result.frame is None:
            return self.folder / self._unique(result.name, safe_stem(result.name))
        base = self._unique(_video_of(result), safe_stem(_video_of(result)))
        return self.folder / self._unique(result.name, f'{base}_{result.frame:06d}')

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
        source, done = _video_of(result), []
        if self._video is None or self._video.source != source:
            done = self.close()
            name = self._unique(source, safe_stem(source))
            target = self.folder / f'{name}_overlay.mp4'
            self._video = _Video(source, target, result.size)
        self._video.add(result)
        return done


def _video_of(result: ImageResult) -> str:
    return result.name.rpartition('#')[0]


class _Video:
    """A video of overlays, written to a temporary file that is renamed in the end."""

    def __init__(self, source: str, target: Path, size: tuple[int, int]) -> None:
        self.source, self.target, self.size = source, target, size
        self.tracks = Tracks()
        capture = cv2.VideoCapture(source)
        rate = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        rate = rate if np.isfinite(rate) and rate > 0 else FALLBACK_FPS
        self.file = ExitStack()
        part = str(self.file.enter_context(atomic_file(target)))
        self.writer = cv2.VideoWriter(part, cv2.VideoWriter_fourcc(*'mp4v'), rate, size)
        if not self.writer.isOpened():
            self.discard()
            raise OSError(f'{target} cannot be written as a video of {size[0]}x{size[1]}.')

    def add(self, result: ImageResult) -> None:
        boxes = np.array([instance.bbox for instance in result.instances]).reshape(-1, 4)
        colors = [instance_color(number) for number in self.tracks.update(boxes)]
        drawn = meshes_over_image(result.image, result.instances, result.faces, colors)
        if drawn.shape[1::-1] != self.size:  # of a video that changes its size; else not written
            drawn = cv2.resize(drawn, self.size, interpolation=cv2.INTER_AREA)
        self.writer.write(cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))

    def close(self) -> Path:
        self.writer.release()
        self.file.close()
        return self.target

    def discard(self) -> None:
        self.writer.release()
        stopped = InterruptedError('the run was stopped')
        self.file.__exit__(type(stopped), stopped, None)  # which keeps nothing
