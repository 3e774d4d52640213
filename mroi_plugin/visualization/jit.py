"""Compile numeric kernels with numba, cached on disk where a writable place exists."""

from __future__ import annotations

from typing import Callable

import numba


def kernel(function: Callable) -> Callable:
    """Compile `function` in nopython mode, single-threaded, releasing the GIL.

    numba refuses `cache=True` when neither the package nor the user's cache folder can be written
    (containers with a read-only root); the kernel is then compiled in memory, once per process.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)
