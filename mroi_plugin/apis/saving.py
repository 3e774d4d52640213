"""Results to files: data by `mroi_plugin.structures`, pictures and videos here."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from os.path import lexists
from pathlib import Path

import av
import cv2
import numpy as np

from mroi_plugin.apis.clips import ClipFiles
from mroi_plugin.apis.inputs import is_video
from mroi_plugin.apis.overlay_video import OverlayVideo
from mroi_plugin.apis.run_record import RunRecord
from mroi_plugin.apis.video_stages import source_of
from mroi_plugin.apis.videos import FALLBACK_RATE
from mroi_plugin.structures.results import ImageResult
from mroi_plugin.structures.rig import Rig
from mroi_plugin.structures.writers import CLIP_FORMATS, WRITERS
from mroi_plugin.utils.colors import instance_color
from mroi_plugin.utils.names import safe_stem
from mroi_plugin.utils.result_formats import check_formats
from mroi_plugin.visualization.drawing import write_image
from mroi_plugin.visualization.scene import meshes_over_image, result_row

OF_RUN = 'results_coco'
"""Stem of the file of a whole run."""
OF_FRAME = re.compile(r'_\d{6,}$')
"""Ends the name of a frame's files, after that of its video's."""
ENDS = {'bvh': ('_track_0.bvh',), 'overlay': ('_overlay.jpg', '_overlay.mp4')}
"""Of the names of files, where they are not the format's own."""
SAVING_ERRORS = (OSError, ValueError, MemoryError, cv2.error, av.FFmpegError)
"""What is wrong with the files of one result, and not with the run."""


def format_of(name: str) -> str:
    """The format of a file of results.

    Example:
        >>> format_of('a_overlay.jpg'), format_of('a_track_0.bvh')
        ('overlay', 'bvh')
    """
    return 'overlay' if name.endswith(ENDS['overlay']) else Path(name).suffix[1:]


class Saver:
    """Writes results as they come; each file appears when it is whole.

    Images become ``NAME.json``, ``NAME_overlay.jpg`` and so on, frames ``VIDEO_000012.json``, and
    a video ``VIDEO_overlay.mp4`` and the files of `write_clip`, ``VIDEO.npz`` and so on. Where two
    would have the same name, the second is numbered, and, where there is a record, also where it is
    that of a file which is no result. All lie in the folder, whatever the images are called.

    Args:
        folder: for the files; it is made.
        formats: some of `FORMATS`.
        rig: of the body of the results, see `rig_of`; ``glb`` and ``bvh`` of videos need it.
        record: of what is done, see `RunRecord`: to it is added what is whole, its names are not
            taken again, and files of the formats that a source had before and has no more are
            removed.
        side_view: overlays of images are rows of pictures: joints and RoIs, bodies, and these from
            the right and from above; else the bodies over the image, as large as it is.

    Attributes:
        problems: videos, and what of them as a whole could not be written.

    Raises:
        ValueError: for an unknown format.
    """

    def __init__(
        self,
        folder: str,
        formats: Sequence[str],
        rig: Rig | None = None,
        side_view: bool = False,
        record: RunRecord | None = None,
    ) -> None:
        check_formats(formats)
        self.folder, self.formats = Path(folder), tuple(formats)
        self.side_view = side_view
        self.folder.mkdir(parents=True, exist_ok=True)
        self._names: dict[str, str] = {}
        self.problems: list[tuple[str, str]] = []
        self._record, self._failed = record, set()
        self._files: defaultdict[str, list[Path]] = defaultdict(list)
        self._of_video, self._last_frame = '', -1
        stems = {} if record is None else record.stems
        self._taken = dict.fromkeys([OF_RUN, *(stem.casefold() for stem in stems.values())], 1)
        self._clips = {stems[source].casefold() for source in stems if is_video(source)}
        self._video: OverlayVideo | None = None
        self._drawing = True
        self._clip = ClipFiles(formats, rig)

    def save(self, result: ImageResult) -> list[Path]:
        """Write a result; of one with an error nothing is written."""
        source = source_of(result)
        if result.error is not None:
            self._failed.add(source)
            return []
        same = source == self._of_video and (result.frame or 0) > self._last_frame
        before = self._finish_video() if result.frame is not None and not same else []
        try:
            files = self._write(result, source)
        except BaseException:
            self._failed.add(source)
            raise
        self._files[source] += files
        if result.problems:
            self._failed.add(source)
        if result.frame is None:
            self._note_done(source)
        return before + files

    def _write(self, result: ImageResult, source: str) -> list[Path]:
        """The files that could be written; raises what is wrong with the first if none could."""
        stem = self._stem(result)
        whole = () if result.frame is None else CLIP_FORMATS
        names = [name for name in self.formats if name in WRITERS and name not in whole]
        if result.frame is not None:
            self._of_video, self._last_frame = source, result.frame
            self._clip.add(source, self.folder / self._base(result), result)
        writers = {name: partial(WRITERS[name], result, stem) for name in names}
        if 'overlay' in self.formats and result.frame is None:
            writers['overlay'] = lambda: write_image(f'{stem}_overlay.jpg', self._overlay(result))
        files, errors = [], {}
        for name, write in writers.items():
            try:
                files.append(write())
            except SAVING_ERRORS as error:
                errors[name] = error
        if 'overlay' in self.formats and result.frame is not None:
            self._add_frame(result)
        if len(errors) == len(writers) > 0:
            raise next(iter(errors.values()))
        for name, error in errors.items():
            self._note_problem(result.name, source, f'its {name}', error)
        return [path for path in files if path is not None]

    def _overlay(self, result: ImageResult) -> np.ndarray:
        if self.side_view:
            return result_row(result.image, result.instances, result.faces, result.crop_size)
        return meshes_over_image(result.image, result.instances, result.faces)

    def close(self, stopped: bool = False) -> list[Path]:
        """Finish the video that is being written.

        Args:
            stopped: before its end, so that it is not recorded as done.
        """
        if stopped:
            self._failed.add(self._of_video)
        return self._finish_video(whole=not stopped)

    def _finish_video(self, whole: bool = True) -> list[Path]:
        """Finish the files of a video, if there is one; returns their paths."""
        source, self._of_video = self._of_video, ''
        video, self._video, self._drawing = self._video, None, True
        files = []
        with self._problem(source, 'its overlay'):
            if video is not None:
                files.append(video.close(whole))
                video = None
        if video is not None:
            video.discard()
        with self._problem(source, 'a file of all of it'):
            files += self._clip.close()
        self._files[source] += files
        if source:
            self._note_done(source)
        return files

    @contextmanager
    def _problem(self, source: str, what: str) -> Iterator[None]:
        """What is wrong with a file of a video as a whole is kept for the end."""
        try:
            yield
        except SAVING_ERRORS as error:
            self._note_problem(source, source, what, error)

    def _note_problem(self, name: str, source: str, what: str, error: Exception) -> None:
        self._failed.add(source)
        told = getattr(error, 'strerror', None) or error
        self.problems.append((name, f'{what} was not written: {told}'))

    def _note_done(self, source: str) -> None:
        files = [path.name for path in self._files.pop(source, ())]
        if self._record is None or source in self._failed:
            return
        for name in self._record.add(source, self._names[source], files):
            if format_of(name) in self.formats:
                (self.folder / name).unlink(missing_ok=True)

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
        return self.folder / self._unique(result.name, f'{base}_{result.frame:06d}', of_clip=True)

    def _base(self, result: ImageResult) -> str:
        """Name of the files of an image, or of a frame's video."""
        source = source_of(result)
        return self._unique(source, safe_stem(source))

    def _unique(self, source: str, base: str, of_clip: bool = False) -> str:
        """The same name for a source as before, or one that no other has in upper or lower case,
        and no frame of a video that was done before unless it is ``of_clip`` itself."""
        known = None if self._record is None else self._record.stem_of(source)
        if source not in self._names and known is not None:
            self._names[source] = known
        elif source not in self._names:
            name, number = base, self._taken.get(base.casefold(), 1)
            while name.casefold() in self._taken or not self._is_free(name, of_clip):
                number += 1
                name = f'{base}_{number}'
            self._taken[base.casefold()] = number
            self._taken[name.casefold()] = 1
            self._names[source] = name
            if self._record is not None and not of_clip:
                self._record.begin(source, name)
        return self._names[source]

    def _is_free(self, name: str, of_clip: bool) -> bool:
        """Whether it is not that of a frame of a video that was begun before, but of a frame of
        one, nor of files that are no results."""
        if OF_FRAME.sub('', name.casefold()) in self._clips:
            return of_clip
        ends = (end for kind in self.formats for end in ENDS.get(kind, (f'.{kind}',)))
        return self._record is None or not any(
            lexists(self.folder / f'{name}{end}') for end in ends
        )

    def _add_frame(self, result: ImageResult) -> None:
        """Draw on; not after an error, which is the video's."""
        if not self._drawing:
            return
        source, self._drawing = source_of(result), False
        with self._problem(source, 'its overlay'):
            if self._video is None:
                target = self.folder / f'{self._base(result)}_overlay.mp4'
                self._video = OverlayVideo(source, target, result.size)
            colors = [instance_color(instance.track) for instance in result.instances]
            drawn = meshes_over_image(result.image, result.instances, result.faces, colors)
            time = result.frame / float(FALLBACK_RATE) if result.time is None else result.time
            self._video.add(drawn, time)
            self._drawing = True
        if not self._drawing and self._video is not None:
            self._video.discard()
            self._video = None
