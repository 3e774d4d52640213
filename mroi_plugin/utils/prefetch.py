"""Items that are computed in a thread of their own while those before them are used."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

Item = TypeVar('Item')
END = StopIteration()
"""In the place of a problem where there are no more items, and nothing was wrong."""
_RUNNING: set[_Ahead] = set()


def prefetched(items: Iterator[Item]) -> Iterator[Item]:
    """The same items in the same order, computed ahead in a thread: one waits to be taken, besides
    the one that is computed.

    Nothing is computed before the first is asked for. Where the caller takes no more, as after an
    error of its own, the thread ends with the item that it is at, which is waited for, and closes
    ``items`` if it is a generator. An interrupt waits for nothing; the end of the process does.

    Args:
        items: used by the thread alone.

    Raises:
        BaseException: what ``items`` raises, in its place.

    Example:
        >>> list(prefetched(letter.upper() for letter in 'abc'))
        ['A', 'B', 'C']
    """
    ahead, end = _Ahead(items), _Ahead.stop_and_wait
    try:
        while True:
            item, problem = ahead.waiting.get()
            if problem is END:
                return
            if problem is not None:
                raise problem
            yield item
    except KeyboardInterrupt:
        end = _Ahead.stop
        raise
    finally:
        end(ahead)


class _Ahead(Generic[Item]):
    """The thread, and the items that wait: ``(item, None)``, and in the end ``(None, problem)``."""

    def __init__(self, items: Iterator[Item]) -> None:
        self.items = items
        self.waiting: Queue[tuple[Item | None, BaseException | None]] = Queue(1)
        self.stopped = Event()
        self.thread = Thread(target=self._compute, name='prefetched', daemon=True)
        _RUNNING.add(self)
        self.thread.start()

    def stop(self) -> None:
        """Have the thread end with the item that it is at."""
        self.stopped.set()
        with suppress(Empty):
            self.waiting.get_nowait()

    def stop_and_wait(self) -> None:
        """`stop`, until it has ended."""
        while self.thread.is_alive():
            self.stop()
            self.thread.join(0.01)

    def _compute(self) -> None:
        problem: BaseException = END
        try:
            for item in self.items:
                self.waiting.put((item, None))
                if self.stopped.is_set():
                    break
        except BaseException as error:  # the caller's to handle
            problem = error
        finally:
            close: Callable[[], None] = getattr(self.items, 'close', lambda: None)
            close()
            self.waiting.put((None, problem))
            _RUNNING.discard(self)


@atexit.register
def _stop_all() -> None:
    """A thread that computes while Python is taken down would abort the process."""
    running = list(_RUNNING)
    for ahead in running:
        ahead.stop()
    for ahead in running:
        ahead.stop_and_wait()
