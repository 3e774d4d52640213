"""The persons of a video as arrays over its frames and tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mroi_plugin.structures.columns import DERIVED, PERSON, to_columns
from mroi_plugin.structures.results import ImageResult

OF_PERSONS = tuple(name for name in (*PERSON, *DERIVED) if name not in ('vertices', 'track'))
"""Columns of a clip: vertices, 83 kB per person and frame, follow from pose and betas."""


@dataclass(frozen=True)
class Clip:
    """T frames and P tracks of a video.

    Attributes:
        name: path of the video.
        size: (w, h) px of the first frame.
        crop_size: (w, h) px of the crops, see `ImageResult`.
        fps: frames per second, on average.
        times: (T,) s, when each frame is shown.
        joint_names: K names of the joints.
        frames: (T,) int64 numbers in the video of the frames that have a result, in order.
        tracks: (P,) int64 numbers of the persons, rising. Persons whom nobody followed come last,
            as -1: such a column is whoever of them came first, second, ... in each frame.
        present: (T, P) bool, who is in which frame.
        columns: arrays (T, P, ...) by the names of `InstanceResult`'s attributes, without vertices,
            with ``poses``, ``joints2d`` and, where all have them, ``fusion_weights``; 0 where the
            person is not present.
    """

    name: str
    size: tuple[int, int]
    crop_size: tuple[int, int]
    fps: float
    times: np.ndarray
    joint_names: tuple[str, ...]
    frames: np.ndarray
    tracks: np.ndarray
    present: np.ndarray
    columns: dict[str, np.ndarray]


def build_clip(name: str, results: Sequence[ImageResult], fps: float) -> Clip:
    """The clip of the results of a video's frames, one at least, in their order.

    Args:
        name: path of the video.
        results: of frames, with or without meshes.
        fps: frames per second on average, for frames without a time.

    Raises:
        ValueError: if a track is twice in a frame, or a number is not finite.
    """
    rows = [to_columns(result.without_meshes()) for result in results]
    tracks = _tracks([row['track'] for row in rows])
    places = [_places(result, tracks) for result in results]
    present = np.zeros((len(results), len(tracks)), bool)
    for t, place in enumerate(places):
        present[t, place] = True
    peopled = [row for row in rows if len(row['track'])]
    weighted = bool(peopled) and all('fusion_weights' in row for row in peopled)
    names = (*OF_PERSONS, 'fusion_weights') if weighted else OF_PERSONS
    return Clip(
        name,
        results[0].size,
        results[0].crop_size,
        fps,
        np.array([r.frame / fps if r.time is None else r.time for r in results], np.float64),
        results[0].joint_names,
        np.array([result.frame for result in results], np.int64),
        tracks,
        present,
        {name: _spread(name, rows, places, present, peopled or rows) for name in names},
    )


def _tracks(by_frame: Sequence[np.ndarray]) -> np.ndarray:
    followed = np.unique(np.concatenate(by_frame))
    others = max(int((tracks < 0).sum()) for tracks in by_frame)
    return np.concatenate([followed[followed >= 0], np.full(others, -1, np.int64)])


def _places(result: ImageResult, tracks: np.ndarray) -> list[int]:
    """Columns of the persons of a frame."""
    free = iter(np.flatnonzero(tracks < 0).tolist())
    places = [
        next(free)
        if instance.track < 0
        else int(np.searchsorted(tracks[tracks >= 0], instance.track))
        for instance in result.instances
    ]
    if len(set(places)) < len(places):
        found = [instance.track for instance in result.instances]
        raise ValueError(f'{result.name}: its tracks are {found}; expected each of them once.')
    return places


def _spread(
    name: str,
    rows: Sequence[dict[str, np.ndarray]],
    places: Sequence[Sequence[int]],
    present: np.ndarray,
    examples: Sequence[dict[str, np.ndarray]],
) -> np.ndarray:
    """The column (T, P, ...) of the rows (persons, ...) of every frame."""
    example = examples[0][name]
    column = np.zeros((*present.shape, *example.shape[1:]), example.dtype)
    for t, (row, place) in enumerate(zip(rows, places)):
        if len(place):
            column[t, list(place)] = row[name]
    return column
