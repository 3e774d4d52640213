"""A process forks when its other threads sleep."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time

import pytest
from processes import free_port

from mroi_plugin.utils import forks
from mroi_plugin.utils.forks import wait_for_threads

needs_proc = pytest.mark.skipif(not os.path.isdir(forks.TASKS), reason='there is no /proc')


def compute(seconds, ended):
    """Outside of the interpreter: hashing lets go of its lock."""
    data, end = bytes(2**22), time.monotonic() + seconds
    while time.monotonic() < end:
        hashlib.sha256(data).digest()
    ended.append(time.monotonic())


@needs_proc
def test_a_thread_that_works_is_waited_for():
    ended = []
    thread = threading.Thread(target=compute, args=(0.4, ended))
    thread.start()
    wait_for_threads(30.0)
    assert ended
    thread.join()


@needs_proc
def test_patience_ends():
    ended = []
    thread = threading.Thread(target=compute, args=(1.5, ended))
    thread.start()
    start = time.monotonic()
    wait_for_threads(0.2)
    assert time.monotonic() - start < 1.0
    assert not ended
    thread.join()


def test_threads_that_sleep_are_not_waited_for():
    wake = threading.Event()
    threads = [threading.Thread(target=wake.wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        start = time.monotonic()
        wait_for_threads(30.0)
        assert time.monotonic() - start < 10.0
    finally:
        wake.set()


def test_without_proc(monkeypatch):
    monkeypatch.setattr(forks, 'TASKS', '/nowhere')
    wait_for_threads(30.0)


FORKING = """
import os, sys, threading
sys.path[:0] = {path!r}
from test_forks import compute

{prepare}
ended = []
thread = threading.Thread(target=compute, args=(0.5, ended))
thread.start()
child = os.fork()
if child == 0:
    os._exit(len(ended))
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


ALONE = 'from mroi_plugin.utils.forks import fork_when_quiet as f; f(); f()'
LAUNCHED = """
from mmengine.config import Config
from mroi_plugin.engine.launch import prepare_launch
prepare_launch(Config(dict(launcher='pytorch')))
"""


@needs_proc
@pytest.mark.parametrize('prepare', [ALONE, LAUNCHED], ids=['alone', 'launched'])
def test_a_fork_waits(prepare):
    """The child sees that the thread had ended; so does one of a process of torchrun."""
    code = FORKING.format(path=[os.path.dirname(__file__), *sys.path], prepare=prepare)
    told = {'RANK': 0, 'WORLD_SIZE': 1, 'LOCAL_RANK': 0, 'MASTER_ADDR': '127.0.0.1'}
    env = {**os.environ, **{name: str(value) for name, value in told.items()}}
    env.update(MASTER_PORT=str(free_port()), CUDA_VISIBLE_DEVICES='')
    assert subprocess.run([sys.executable, '-c', code], env=env, timeout=120).returncode == 1
