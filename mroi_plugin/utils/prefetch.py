"""Items that are computed in a thread of their own while those before them are used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar('Item')


def prefetched(items: Iterator[Item], size: int = 1) -> Iterator[Item]:
    """The same items in the same order, computed ahead in a thread.

    Nothing is computed before the first is asked for. Where the caller takes no more, as after an
    error of its own, the thread ends with the item that it is at, and closes ``items`` if it is a
    generator.

    Args:
        items: used by the thread alone.
        size: number that wait to be taken, besides the one that is computed.

    Raises:
        BaseException: what ``items`` raises, in its place.

    Example:
        >>> list(prefetched(letter.upper() for letter in 'abc'))
        ['A', 'B', 'C']
    """
    waiting: Queue[tuple[Item | None, BaseException | None]] = Queue(size)
    stopped = Event()
    end = StopIteration()

    def compute() -> None:
        problem: BaseException = end
        try:
            for item in items:
                waiting.put((item, None))
                if stopped.is_set():
                    break
        except BaseException as error:  # the caller's to handle
            problem = error
        finally:
            if hasattr(items, 'close'):
                items.close()
        waiting.put((None, problem))

    thread = Thread(target=compute, name='prefetched', daemon=True)
    thread.start()
    try:
        while True:
            item, problem = waiting.get()
            if problem is end:
                return
            if problem is not None:
                raise problem
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(Empty):
                waiting.get_nowait()
            thread.join(0.01)
