"""One of several processes builds a file while the others wait for it, on a shared disk too."""

from __future__ import annotations

import os
import os.path as osp
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HEARTBEAT_S = 2.0
STALE_S = 30.0
"""A lock whose time stamp stands still for so long is that of a process that has died."""


def build_once(ready: Callable[[], bool], build: Callable[[], None], lock: str) -> None:
    """Build something unless it is there, or another process is at it and finishes.

    The lock is a file that is created exclusively and whose time stamp its owner renews. Waiting
    processes compare time stamps only with earlier ones of the same file, so clocks of several
    machines need not agree. ``build`` must put its result in place at once: should an owner be so
    slow as to be taken for dead, two processes build the same and nothing is lost.

    Args:
        ready: whether it is there.
        build: makes it.
        lock: path of the lock, in a folder that all of them see.
    """
    while not ready():
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            if _wait(ready, lock):
                continue
            _remove(lock)
            continue
        try:
            with _renewed(lock):
                if not ready():
                    build()
        finally:
            _remove(lock)
        return


def _wait(ready: Callable[[], bool], lock: str) -> bool:
    """Whether the owner of the lock let go of it; False if it must have died."""
    seen, since = None, time.monotonic()
    while osp.exists(lock) and not ready():
        try:
            stamp = os.stat(lock).st_mtime_ns
        except FileNotFoundError:
            return True
        if stamp != seen:
            seen, since = stamp, time.monotonic()
        if time.monotonic() - since > STALE_S:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def _renewed(lock: str) -> Iterator[None]:
    done = threading.Event()

    def renew() -> None:
        while not done.wait(HEARTBEAT_S):
            try:
                os.utime(lock)
            except FileNotFoundError:
                return

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
