"""Forks of a process in which collectives run in threads of their own."""

from __future__ import annotations

import functools
import os
import threading
import time

TASKS = '/proc/self/task'
PATIENCE_S, STEP_S = 2.0, 0.001


@functools.cache
def fork_when_quiet() -> None:
    """Have every fork of this process, a loader's worker for one, wait for its other threads first.

    The threads of gloo enter the interpreter when they drop the last reference to a tensor. A child
    that is forked at that moment can find a lock of the interpreter taken that nobody gives back,
    and never begin (seen in Python 3.11).
    """
    os.register_at_fork(before=wait_for_threads)


def wait_for_threads(patience_s: float = PATIENCE_S) -> None:
    """Wait until every other thread of this process sleeps, but no longer than ``patience_s``.

    On systems without /proc it returns at once.
    """
    own, end = threading.get_native_id(), time.monotonic() + patience_s
    while any(_works(task) for task in _tasks() if task != str(own)) and time.monotonic() < end:
        time.sleep(STEP_S)


def _tasks() -> list[str]:
    try:
        return os.listdir(TASKS)
    except OSError:
        return []


def _works(task: str) -> bool:
    """Whether a thread is running, about to run, or waiting for a disk."""
    try:
        with open(f'{TASKS}/{task}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] in 'RD'
    except (OSError, IndexError):  # it has ended
        return False
