"""Bodies of people in a video made steady, frame by frame and without delay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from mroi_plugin.apis.smoothing.one_euro import ROTATIONS, OneEuroFilter
from mroi_plugin.apis.trackers.box_tracker import FORGET_AFTER
from mroi_plugin.structures.results import ImageResult, InstanceResult

PoseBody = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From rotations (N, 24, 3, 3) and betas (N, 10) to vertices (N, V, 3) and joints (N, K, 3), m."""
ROTATION = (3.0, 7.0)
"""Cutoff at rest, Hz, and Hz per rad/s: no joint lags by more than 1 / (2 pi 7) rad = 1.3 deg."""
PLACE = (2.0, 10.0)
"""The same of a body's place in the image, Hz per m/s at its depth; lags by 16 mm at most."""
DEPTH = (1.0, 5.0)
"""The same of the logarithm of its depth, Hz per 1/s; lags by 3 % of the depth at most."""


@dataclass
class _Person:
    """Filters of one person, and the sum of the shapes so far."""

    rotation: OneEuroFilter = field(default_factory=lambda: OneEuroFilter(*ROTATION, ROTATIONS))
    place: OneEuroFilter = field(default_factory=lambda: OneEuroFilter(*PLACE))
    depth: OneEuroFilter = field(default_factory=lambda: OneEuroFilter(*DEPTH))
    betas: np.ndarray = field(default_factory=lambda: np.zeros(10))
    count: int = 0
    time: float = 0.0
    frame: int = 0

    def smooth(self, instance: InstanceResult, frame: int, time: float) -> InstanceResult:
        """An instance whose vertices and joints are still those that were measured."""
        dt, self.time, self.frame = time - self.time, time, frame
        self.betas, self.count = self.betas + instance.betas, self.count + 1
        x, y, z = instance.trans.astype(np.float64)
        log_depth = self.depth(np.log([z]), dt)
        depth = float(np.exp(log_depth[0]))
        place = self.place(np.array([x, y]) / z, dt, scale=depth)
        pose = self.rotation(instance.pose.astype(np.float64), dt)
        return replace(
            instance,
            pose=pose.astype(np.float32),
            betas=(self.betas / self.count).astype(np.float32),
            trans=np.append(place * depth, depth).astype(np.float32),
        )


def smooth_people(results: Iterable[ImageResult], pose_body: PoseBody) -> Iterator[ImageResult]:
    """Results with the bodies of people who are followed made steady; one out for every one in.

    Per track, a `OneEuroFilter` runs over the rotations on SO(3), over the place in the image
    ``(x/z, y/z)`` and over ``log z`` of ``trans``; ``betas`` are the mean of the frames so far. The
    M cameras stay as the network gave them.

    Args:
        results: of images, which pass as they are, and of frames in the order of their videos.
        pose_body: makes bodies of the smoothed values.
    """
    people: dict[int, _Person] = {}
    last: tuple[str, int] | None = None
    for result in results:
        if result.frame is None or result.time is None:
            yield result
            continue
        video = result.name.rpartition('#')[0]
        if last is None or last[0] != video or last[1] >= result.frame:
            people = {}
        last = video, result.frame
        people = {k: p for k, p in people.items() if result.frame - p.frame <= FORGET_AFTER}
        yield _smoothed(result, people, pose_body)


def _smoothed(result: ImageResult, people: dict[int, _Person], pose_body: PoseBody) -> ImageResult:
    if not result.instances:
        return result
    steady = [
        people.setdefault(instance.track, _Person()).smooth(instance, result.frame, result.time)
        for instance in result.instances
    ]
    vertices, joints = pose_body(
        np.stack([instance.pose for instance in steady]),
        np.stack([instance.betas for instance in steady]),
    )
    posed = [
        replace(instance, vertices=v, joints=j) for instance, v, j in zip(steady, vertices, joints)
    ]
    return replace(result, instances=posed)
