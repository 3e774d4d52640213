"""An image on its way from the detector to its result."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.datasets.pixel_checks import box_problem
from mroi_plugin.structures.results import InstanceResult, non_finite_value


@dataclass
class PendingImage:
    """An image, the people found in it, and their results as the network gives them.

    Attributes:
        image: with its pixels.
        boxes: (n, 4) x, y, w, h px, of the persons that can be cut out.
        scores: (n) of the detector.
        tracks: (n) numbers of the persons in their video; -1 where nobody is followed.
        problems: boxes and persons that could not be used, and why.
        error: why the image could not be used.
        instances: results, in the order of the boxes, as far as they are known.
        lost: number of persons whose result is not finite.
    """

    image: InputImage
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tracks: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    problems: list[str] = field(default_factory=list)
    error: str | None = None
    instances: list[InstanceResult] = field(default_factory=list)
    lost: int = 0

    @classmethod
    def of_found(cls, image: InputImage, boxes: np.ndarray, scores: np.ndarray) -> PendingImage:
        """The persons of a detector, those that can be cut out; the others are problems.

        Args:
            image: that they are in.
            boxes: (n, 4) x, y, w, h px.
            scores: (n).
        """
        problems = [_problem(image, box, score) for box, score in zip(boxes, scores)]
        good = np.array([problem is None for problem in problems], bool)
        told = [f'box {i}: {problem}.' for i, problem in enumerate(problems) if problem]
        return cls(image, boxes[good], scores[good], np.full(good.sum(), -1), told)

    @property
    def name(self) -> str:
        """Of the image."""
        return self.image.name

    @property
    def frame(self) -> int | None:
        """Number of the frame in its video, None of an image."""
        return self.image.frame

    @property
    def done(self) -> int:
        """Number of persons that the network has seen."""
        return len(self.instances) + self.lost

    @property
    def complete(self) -> bool:
        """Whether the result is known."""
        return self.error is not None or self.done == len(self.boxes)

    def add_box(self, box: np.ndarray, score: float, track: int) -> None:
        """One more person, the last one."""
        self.boxes = np.vstack([self.boxes, box])
        self.scores = np.append(self.scores, score)
        self.tracks = np.append(self.tracks, track)

    def add_prediction(self, told: dict[str, np.ndarray], box: np.ndarray) -> None:
        """The result of the next person, if it is finite.

        Args:
            told: what `MultiRoIEstimator.predict` and the agreement of cameras say of the person.
            box: (4) x, y, w, h px.
        """
        i = self.done
        instance = _instance(told, box, float(self.scores[i]), int(self.tracks[i]))
        problem = non_finite_value(instance)
        if problem is None:
            self.instances.append(instance)
        else:
            self.problems.append(f'person {i}: {problem}')
            self.lost += 1


Sample = dict[str, Any]
"""What a network gets of a person."""
Batch = tuple[list[PendingImage], list[tuple[PendingImage, Sample]]]
"""Further images, and people of these and of the last ones."""


def in_batches(
    images: Iterable[tuple[PendingImage, list[Sample]]], batch_size: int
) -> Iterator[Batch]:
    """People of several images together, all of an image's in its batch or in later ones.

    Nobody waits for more images than there are people in a batch, and images without people for
    none.

    Args:
        images: with their people.
        batch_size: people in a batch at most.

    Raises:
        Exception: what ``images`` raises, after the people before it.
    """
    waiting: list[PendingImage] = []
    people: list[tuple[PendingImage, Sample]] = []
    problem: Exception | None = None
    try:
        for image, samples in images:
            waiting.append(image)
            people += [(image, sample) for sample in samples]
            while len(people) >= batch_size:
                yield waiting, people[:batch_size]
                waiting, people = [], people[batch_size:]
            if waiting and (not people or len(waiting) >= batch_size):
                yield waiting, people
                waiting, people = [], []
    except Exception as error:
        problem = error
    if people:
        yield waiting, people
    if problem is not None:
        raise problem


def checked_boxes(found: Any, detector: Any) -> tuple[np.ndarray, np.ndarray]:
    """What a detector gives, as boxes (n, 4) and scores (n) in float64.

    Raises:
        ValueError: if it is something else.
    """
    try:
        boxes, scores = (np.asarray(values, np.float64) for values in found)
        if boxes.size == 0:
            boxes = boxes.reshape(0, 4)
        good = boxes.shape == (len(scores), 4) and scores.ndim == 1
    except (TypeError, ValueError):
        good = False
    if not good:
        name = getattr(detector, '__name__', type(detector).__name__)
        raise ValueError(
            f'the detector {name} gave {reprlib.repr(found)}; expected boxes (n, 4) x, y, w, h px '
            'and scores (n).'
        )
    return boxes, scores


def _problem(image: InputImage, box: np.ndarray, score: float) -> str | None:
    if not np.isfinite(score):
        return f'the score is {score}, expected a number'
    return box_problem(box, image.size)


def _instance(
    told: dict[str, np.ndarray], box: np.ndarray, score: float, track: int
) -> InstanceResult:
    single = {name: np.asarray(value, np.float32) for name, value in told.items()}
    return InstanceResult(
        bbox=np.asarray(box, np.float32),
        score=score,
        pose=single['pred_pose'],
        betas=single['pred_betas'],
        vertices=single['pred_vertices'],
        joints=single['pred_joints'],
        focal_length=float(told['focal_length']),
        principal_point=single['principal_point'],
        rois=single['rois'],
        trans=single['pred_transl'],
        local_cameras=single['pred_cam'],
        full_cameras=single['pred_cam_full'],
        consensus_camera=single['consensus_camera'],
        spread_px=float(told['spread_px']),
        spread_m=float(told['spread_m']),
        confidence=float(told['confidence']),
        fusion_weights=single.get('fusion_weights'),
        track=track,
    )
