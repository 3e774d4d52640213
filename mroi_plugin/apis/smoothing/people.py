"""Bodies of people in a video made steady, as frames come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from mroi_plugin.apis.smoothing.one_euro import ROTATIONS, OneEuroFilter
from mroi_plugin.apis.trackers.box_tracker import FORGET_AFTER
from mroi_plugin.apis.video_stages import through_stages
from mroi_plugin.structures.results import ImageResult, InstanceResult

PoseBody = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From rotations (N, 24, 3, 3) and betas (N, 10) to vertices (N, V, 3) and joints (N, K, 3), m."""
LOOK_AHEAD = 6
"""Frames that a frame waits for."""
ROTATION = (2.0, 3.0)
"""Cutoff at rest, Hz, and Hz per rad/s."""
PLACE = (2.0, 10.0)
"""The same of a body's place in the image, Hz per m/s at its depth."""
DEPTH = (1.0, 5.0)
"""The same of the logarithm of its depth, Hz per 1/s."""


class _Filters:
    """Pose and place of one person through time, forward or backward."""

    def __init__(self) -> None:
        self.rotation = OneEuroFilter(*ROTATION, ROTATIONS)
        self.place, self.depth = OneEuroFilter(*PLACE), OneEuroFilter(*DEPTH)
        self.time = 0.0

    def __call__(self, instance: InstanceResult, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (24, 3, 3), and x/z, y/z and log z of where the body is."""
        dt, self.time = abs(time - self.time), time
        x, y, z = instance.trans.astype(np.float64)
        depth = self.depth(np.log([z]), dt)
        place = self.place(np.array([x, y]) / z, dt, scale=float(np.exp(depth[0])))
        return self.rotation(instance.pose.astype(np.float64), dt), np.append(place, depth)


@dataclass
class _Person:
    """What is known of one person up to the newest frame."""

    filters: _Filters = field(default_factory=_Filters)
    betas: np.ndarray = field(default_factory=lambda: np.zeros(10))
    count: int = 0
    frame: int = 0


def smooth_people(results: Iterable[ImageResult], pose_body: PoseBody) -> Iterator[ImageResult]:
    """Results with the bodies of people who are followed made steady, in the same order.

    Per track, a `OneEuroFilter` runs forward over all frames so far, and one backward from up to
    `LOOK_AHEAD` frames later; the result is midway, so that the lag of one is the lead of the
    other. They run over the rotations on SO(3), and over the place in the image ``(x/z, y/z)`` and
    ``log z`` of ``trans``. ``betas`` are the mean of all frames seen. The M cameras stay as the
    network gave them.

    Args:
        results: of images, which pass as they are, and of frames in the order of their videos.
        pose_body: makes bodies of the smoothed values.
    """
    return through_stages(results, lambda: _Smoothing(pose_body))


class _Smoothing:
    """Frames of one video that wait for later ones, and the people so far."""

    def __init__(self, pose_body: PoseBody) -> None:
        self.pose_body = pose_body
        self.waiting: deque[ImageResult] = deque()
        self.people: dict[int, _Person] = {}

    def add(self, result: ImageResult) -> None:
        """Take the next frame."""
        self.waiting.append(result)
        for instance in result.instances:
            person = self.people.setdefault(instance.track, _Person())
            person.betas = person.betas + instance.betas
            person.count, person.frame = person.count + 1, result.frame
        oldest = result.frame - FORGET_AFTER - LOOK_AHEAD
        self.people = {k: person for k, person in self.people.items() if person.frame >= oldest}

    def ready(self) -> Iterator[ImageResult]:
        """Frames that `LOOK_AHEAD` others have come after."""
        while len(self.waiting) > LOOK_AHEAD:
            yield self._first()

    def rest(self) -> Iterator[ImageResult]:
        """All frames that wait."""
        while self.waiting:
            yield self._first()

    def _first(self) -> ImageResult:
        """The frame that has waited longest."""
        steady = [self._steady(instance) for instance in self.waiting[0].instances]
        result = self.waiting.popleft()
        if not steady:
            return result
        bodies = self.pose_body(
            np.stack([instance.pose for instance in steady]),
            np.stack([instance.betas for instance in steady]),
        )
        posed = [replace(p, vertices=v, joints=j) for p, v, j in zip(steady, *bodies)]
        return replace(result, instances=posed)

    def _steady(self, instance: InstanceResult) -> InstanceResult:
        """A person of the first frame that waits, with the vertices and joints of before."""
        person, backward = self.people[instance.track], _Filters()
        for result in reversed(self.waiting):
            for seen in result.instances:
                if seen.track == instance.track:
                    later = backward(seen, result.time)
        earlier = person.filters(instance, self.waiting[0].time)
        pose = ROTATIONS.moved(earlier[0], ROTATIONS.difference(earlier[0], later[0]) / 2)
        x, y, log_depth = (earlier[1] + later[1]) / 2
        trans = np.exp(log_depth) * np.array([x, y, 1])
        return replace(
            instance,
            pose=pose.astype(np.float32),
            betas=(person.betas / person.count).astype(np.float32),
            trans=trans.astype(np.float32),
        )
