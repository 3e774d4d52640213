"""People followed through a video; where the detector misses one for a moment, the box is filled
in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from mroi_plugin.apis.pending import PendingImage
from mroi_plugin.apis.trackers.box_tracker import BoxTracker
from mroi_plugin.apis.trackers.keyframe_tracker import KeyframeTracker
from mroi_plugin.apis.video_stages import through_stages

MAX_GAP = 10
"""Frames in a row in which a person is filled in; a frame waits for so many at most."""


def follow_people(images: Iterable[PendingImage], given: bool = False) -> Iterator[PendingImage]:
    """Set the ``tracks`` of videos and add boxes where somebody was not found; in the same order.

    Added boxes are interpolated between those before and after, and have score 0. Images that are
    no frames pass as they are.

    Args:
        images: with boxes of a detector, or of a user.
        given: by a user, who may leave out frames between them, see `KeyframeTracker`.
    """
    return through_stages(images, partial(_Following, given))


class _Following:
    """Frames of one video that may still get boxes, and where each person was last."""

    def __init__(self, given: bool) -> None:
        self.tracker = KeyframeTracker(MAX_GAP + 1) if given else BoxTracker()
        self.waiting: deque[PendingImage] = deque()
        self._last: dict[int, tuple[int, np.ndarray]] = {}
        self._newest = 0

    def add(self, image: PendingImage) -> None:
        """Number the people of the next frame, and fill them in where they were missed before."""
        image.tracks = self.tracker.update(image.boxes)
        for track, box in zip(image.tracks.tolist(), image.boxes):
            if track in self._last:
                self._fill(track, image.frame, box)
            self._last[track] = image.frame, box
        self._newest = image.frame
        self.waiting.append(image)

    def _fill(self, track: int, frame: int, box: np.ndarray) -> None:
        before, start = self._last[track]
        if frame - before - 1 > MAX_GAP:
            return
        for image in self.waiting:
            if image.frame > before and image.error is None:
                share = (image.frame - before) / (frame - before)
                image.add_box(start + share * (box - start), score=0.0, track=track)

    def ready(self) -> Iterator[PendingImage]:
        """Frames that nobody can be filled in any more."""
        recent = [frame for frame, _ in self._last.values() if self._newest - frame <= MAX_GAP]
        until = min(recent, default=self._newest)
        while self.waiting and self.waiting[0].frame <= until:
            yield self.waiting.popleft()

    def rest(self) -> Iterator[PendingImage]:
        """All frames that wait."""
        yield from self.waiting
