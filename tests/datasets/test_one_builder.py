"""Several processes, one builder; a builder that died does not hold up the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from mroi_plugin.datasets import one_builder
from mroi_plugin.datasets.one_builder import build_once


def _ask(folder, queue, seconds=0.3):
    """Build ``folder/made`` and tell who did."""
    made = os.path.join(folder, 'made')

    def build():
        time.sleep(seconds)
        with open(made + str(os.getpid()), 'w') as file:
            file.write(str(os.getpid()))
        os.replace(made + str(os.getpid()), made)
        queue.put(os.getpid())

    build_once(lambda: os.path.exists(made), build, made + '.lock')


def _processes(folder, count, seconds=0.3):
    context = multiprocessing.get_context('fork')
    queue = context.Queue()
    jobs = [context.Process(target=_ask, args=(folder, queue, seconds)) for _ in range(count)]
    for job in jobs:
        job.start()
    return queue, jobs


def test_one_of_four_builds(tmp_path):
    queue, jobs = _processes(str(tmp_path), 4)
    for job in jobs:
        job.join()
        assert job.exitcode == 0
    assert queue.get(timeout=5) and queue.empty()
    assert os.listdir(tmp_path) == ['made']


def test_what_is_there_is_not_built_again(tmp_path):
    (tmp_path / 'made').touch()
    build_once(lambda: True, lambda: pytest.fail('built'), str(tmp_path / 'made.lock'))


def test_an_error_frees_the_lock(tmp_path):
    lock = tmp_path / 'lock'

    def build():
        raise ValueError('no box')

    for _ in range(2):
        with pytest.raises(ValueError, match='no box'):
            build_once(lambda: False, build, str(lock))
        assert not lock.exists()


def test_the_lock_of_a_killed_builder_goes_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(one_builder, 'STALE_S', 0.5)
    monkeypatch.setattr(one_builder, 'HEARTBEAT_S', 0.1)
    _, (job,) = _processes(str(tmp_path), 1, seconds=60)
    while not (tmp_path / 'made.lock').exists():
        time.sleep(0.01)
    os.kill(job.pid, signal.SIGKILL)
    job.join()
    queue, jobs = _processes(str(tmp_path), 2, seconds=0.1)
    for job in jobs:
        job.join(timeout=20)
        assert job.exitcode == 0
    assert (tmp_path / 'made').exists()


def test_a_slow_builder_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(one_builder, 'STALE_S', 0.6)
    monkeypatch.setattr(one_builder, 'HEARTBEAT_S', 0.1)
    queue, jobs = _processes(str(tmp_path), 2, seconds=1.5)
    for job in jobs:
        job.join()
    assert queue.get(timeout=5) and queue.empty()
