"""One process at a time that writes to a folder."""

from __future__ import annotations

import json
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mroi_plugin.utils.atomic_files import Path as AnyPath
from mroi_plugin.utils.atomic_files import remove_parts, write_json
from mroi_plugin.utils.errors import UsageError

GRACE_S = 15.0
"""How long a folder is waited for: a process that is being killed takes its time to end."""
TOLD_AFTER_S = 1.0
"""From when on a wait is announced."""

_held: set[int] = set()
"""Descriptors of the locks that this process holds."""


@contextmanager
def owned(folder: AnyPath) -> Iterator[Path]:
    """Own a folder within the block; what writers who were killed have left in it is removed.

    The system frees the lock of a process that dies. Where a file system has no locks, nobody is
    kept out.

    Args:
        folder: is made.

    Raises:
        UsageError: if another process owns the folder, naming its id and host.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    with locked(root / '.lock', f'{folder} is written to', GRACE_S):
        remove_parts(root)
        yield root


@contextmanager
def locked(path: AnyPath, what: str, patience_s: float) -> Iterator[bool]:
    """Hold a lock file within the block; yields whether the file system has locks.

    Args:
        path: lock file; the owner is told in ``<path>.owner``.
        what: is done by the owner, for the messages.
        patience_s: seconds to wait.

    Raises:
        UsageError: if another process holds it all the time, naming its id and host.
    """
    lock, owner = FileLock(os.fspath(path), mode=0o666), Path(f'{os.fspath(path)}.owner')
    try:
        try:
            lock.acquire(timeout=TOLD_AFTER_S)
        except Timeout:
            warnings.warn(
                f'{what} by {_owner(owner)}: waiting at most {patience_s:.0f} s for it to end.',
                stacklevel=2,
            )
            lock.acquire(timeout=patience_s)
    except Timeout:
        raise UsageError(
            f'{what} by {_owner(owner)}: wait for it to end, end it, or choose another folder.'
        ) from None
    except NotImplementedError:  # a file system without locks
        yield False
        return
    opened = _opened(path)
    _held.update(opened)
    try:
        with suppress(OSError):  # a full disk
            write_json(owner, {'pid': os.getpid(), 'host': socket.gethostname()})
        yield True
    finally:
        with suppress(OSError):
            owner.unlink()
        _held.difference_update(opened)
        lock.release()


def _opened(path: AnyPath) -> list[int]:
    """Descriptors under which this process has a file open."""
    found = []
    for number in map(int, os.listdir('/dev/fd')):
        with suppress(OSError):
            if os.path.samestat(os.fstat(number), os.stat(path)):
                found.append(number)
    return found


def _let_go() -> None:
    """Close the locks of the parent in a new child, which would hold them beyond its end."""
    for number in _held:
        with suppress(OSError):  # newer versions of filelock have closed it
            os.close(number)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


def _owner(path: Path) -> str:
    try:
        found: Any = json.loads(path.read_text(encoding='utf-8'))
        return f'process {found["pid"]} on {found["host"]}'
    except (OSError, ValueError, KeyError, TypeError):
        return 'another process'
