"""Iterators that work ahead of those who read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

Item = TypeVar('Item')
NAME = 'ahead'
"""Of the threads."""
LOOK_S = 0.05
"""How often a full queue is looked at for whether anybody still reads it."""


def ahead(items: Iterable[Item], depth: int) -> Iterator[Item]:
    """The items, the next of which are made in a thread while the last one is in use.

    Order and errors are those of ``items``. Nothing is begun before the first item is asked for; if
    the reader stops early, the thread ends after the item that it makes, and closes ``items``.

    Args:
        items: a generator, say; only the thread runs it.
        depth: items that may be ready and not read.
    """
    ready: Queue[tuple[str, Any]] = Queue(depth)
    unread = Event()
    worker = Thread(target=_fill, args=(items, ready, unread), name=NAME, daemon=True)
    worker.start()
    try:
        while True:
            kind, value = ready.get()
            if kind == 'error':
                raise value
            if kind == 'end':
                return
            yield value
    finally:
        unread.set()
        worker.join()


def _fill(items: Iterable[Any], ready: Queue[tuple[str, Any]], unread: Event) -> None:
    last: tuple[str, Any] = ('end', None)
    try:
        for item in items:
            if not _put(ready, ('item', item), unread):
                break
    except BaseException as error:  # raised where the items are read
        last = ('error', error)
    close = getattr(items, 'close', None)
    if close is not None:
        close()
    _put(ready, last, unread)


def _put(ready: Queue[tuple[str, Any]], entry: tuple[str, Any], unread: Event) -> bool:
    """Wait for room; whether anybody reads."""
    while not unread.is_set():
        try:
            ready.put(entry, timeout=LOOK_S)
            return True
        except Full:
            continue
    return False
