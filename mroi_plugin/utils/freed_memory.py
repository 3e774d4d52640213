"""Memory that is freed and needed again at once, as the maps of a network on a CPU are."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
"""Options of mallopt(3)."""
VALUES = {
    M_MMAP_MAX: 0,
    M_TRIM_THRESHOLD: 2**31 - 1,
    M_TOP_PAD: 2**26,
    M_ARENA_MAX: 1,  # all threads': the others' are of 64 MiB, and are given back
}


def keep_freed_memory(device: str = 'cpu') -> None:
    """Let this process keep what it frees, for its next tensors, where glibc allocates.

    By default glibc returns large blocks to the system and gets them back page by page, each of
    them cleared and mapped anew: on a CPU, half of the time of a network's large maps. The process
    stays as large as it has been at its largest.

    Args:
        device: what computes; nothing is done for another than the CPU.
    """
    if device != 'cpu':
        return
    with suppress(OSError, AttributeError, TypeError):  # no such library, or another one
        libc = ctypes.CDLL(None)
        for option, value in VALUES.items():
            libc.mallopt(option, value)
