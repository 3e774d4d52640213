"""Processes of a session, as the system lists them."""

from __future__ import annotations

import os
import signal
import socket
import time


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


def heed_interrupts() -> None:
    """As ``preexec_fn``: a process that Ctrl-C ends, even where the tests run in the background
    and ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def session_members(session: int) -> list[int]:
    """Ids of the processes of a session that run; those that have ended and wait do not."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/stat') as file:
                state, _, _, of = file.read().rsplit(')', 1)[1].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of) == session and state not in 'ZX':
            found.append(int(pid))
    return found


def wait_for_end(session: int, seconds: float) -> None:
    """Wait until no process of a session is left.

    Raises:
        AssertionError: if there is one after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while left := session_members(session):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
