"""Children that a killed parent takes with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from locations import ROOT

pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='a signal of Linux')

PARENT = """
import subprocess, sys
from mroi_plugin.utils.child_processes import ending_with_this
child = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'
subprocess.run(ending_with_this([sys.executable, '-c', child]))
"""


def is_alive(pid):
    """Whether a process runs; one that has ended and waits to be noticed does not."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except FileNotFoundError:
        return False


def test_a_killed_parent_takes_its_child_with_it():
    parent = subprocess.Popen(
        [sys.executable, '-c', PARENT], stdout=subprocess.PIPE, text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip
    child = int(parent.stdout.readline())
    assert is_alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_whose_parent_is_gone_already_does_not_start():
    file = str(ROOT / 'mroi_plugin' / 'utils' / 'child_processes.py')
    command = [sys.executable, file, '999999999', sys.executable, '-c', 'print(1)']
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL and done.stdout == b''


def test_the_status_of_a_child_is_its_own():
    from mroi_plugin.utils.child_processes import ending_with_this

    command = ending_with_this([sys.executable, '-c', 'raise SystemExit(3)'])
    assert subprocess.run(command, check=False).returncode == 3
