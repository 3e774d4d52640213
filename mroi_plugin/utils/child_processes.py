"""Processes that end with the one that started them, even where that is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""


def end_with(parent: int) -> None:
    """Have the kernel kill this process as soon as its parent is gone.

    On systems other than Linux nothing is done: there the owner's lock alone keeps what goes on
    apart from what is started anew.

    Args:
        parent: process id of the parent; if it is gone already, this process ends at once.
    """
    if not sys.platform.startswith('linux'):
        return
    ctypes.CDLL(None, use_errno=True).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def ending_with_this(command: Sequence[str]) -> list[str]:
    """The command that runs ``command`` as a child of this process that ends with it."""
    return [sys.executable, '-I', os.path.abspath(__file__), str(os.getpid()), *map(str, command)]


if __name__ == '__main__':
    end_with(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
