"""Steps of inference that see a video as a whole, in a stream of images and frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar


class Framed(Protocol):
    """An image, or a frame of a video; see `ImageResult` for the names."""

    name: str
    frame: int | None


Item = TypeVar('Item', bound=Framed)


class VideoStage(Protocol[Item]):
    """A step for one video; a frame may wait in it for later ones."""

    def add(self, item: Item) -> None:
        """Take the next frame."""

    def ready(self) -> Iterator[Item]:
        """Frames that need no later one, in order."""

    def rest(self) -> Iterator[Item]:
        """All frames that wait, after the last."""


def video_of(item: Framed) -> str:
    """Path of the video of a frame."""
    return item.name.rpartition('#')[0]


def source_of(item: Framed) -> str:
    """Path of an image, or of the video of a frame."""
    return item.name if item.frame is None else video_of(item)


def through_stages(
    items: Iterable[Item], make_stage: Callable[[], VideoStage[Item]]
) -> Iterator[Item]:
    """Every item, in the same order; the frames of each video go through a stage of its own.

    Args:
        items: images, which pass as they are, and frames, those of a video one after the other.
        make_stage: called for every video.

    Raises:
        Exception: what ``items`` raises, after the frames before it.
    """
    stage: VideoStage[Item] | None = None
    last: tuple[str, int] = ('', -1)
    problem: Exception | None = None
    try:
        for item in items:
            goes_on = item.frame is not None and video_of(item) == last[0] and item.frame > last[1]
            if stage is not None and not goes_on:
                yield from stage.rest()
                stage = None
            if item.frame is None:
                yield item
                continue
            stage, last = stage or make_stage(), (video_of(item), item.frame)
            stage.add(item)
            yield from stage.ready()
    except Exception as error:
        problem = error
    if stage is not None:
        yield from stage.rest()
    if problem is not None:
        raise problem
