"""A disk of one megabyte, for tests of what happens when it is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted tmpfs.

    Args:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, fault: str) -> None:
        """Make it ``full`` or ``read-only``."""
        if fault == 'read-only':
            subprocess.run(['mount', '-o', 'remount,ro', self.folder], check=True)
            return
        with open(self.folder / 'filler', 'wb', buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError:
                    return


@contextmanager
def mounted(folder: Path, size: str = '1m') -> Iterator[SmallDisk]:
    """Mount a small disk; the test is skipped where that is not allowed."""
    folder.mkdir(exist_ok=True)
    command = ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', folder]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip('a small disk takes the right to mount one')
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(['umount', '-l', folder], check=True)
