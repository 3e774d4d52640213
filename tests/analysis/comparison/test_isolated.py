"""Measuring in a process of its own, which ends with the one that asked for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from locations import ROOT
from processes import session_members, wait_for_end

from mroi_plugin.analysis.comparison.isolated import measure_isolated
from mroi_plugin.analysis.comparison.methods import Method
from mroi_plugin.utils.errors import UsageError

PARENT = """
from mroi_plugin.analysis.comparison.isolated import measure_isolated
from mroi_plugin.analysis.comparison.methods import Method
measure_isolated(Method('mroi_synthetic', 'no.pth'), print)
"""


def test_a_killed_comparison_takes_the_measuring_process_with_it(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, '-c', PARENT], cwd=tmp_path, start_new_session=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(session_members(parent.pid)) < 3:  # the process and multiprocessing's tracker
        assert parent.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_for_end(parent.pid, 30)


def test_an_error_of_the_measuring_process_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match='mroi_synthetic: 3 files are missing'):
        measure_isolated(Method('mroi_synthetic', 'no.pth'), print)
