"""One owner per folder."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time

import pytest

from mroi_plugin.utils import ownership
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.ownership import owned

FORK = multiprocessing.get_context('fork')


def own(folder, told, seconds=600.0):
    with owned(folder):
        told.put(os.getpid())
        time.sleep(seconds)


@pytest.fixture
def owner(tmp_path):
    """A process that owns ``tmp_path``."""
    told = FORK.Queue()
    process = FORK.Process(target=own, args=(tmp_path, told))
    process.start()
    told.get(timeout=20)
    yield process
    process.kill()
    process.join()


def test_a_second_owner_is_refused_with_the_name_of_the_first(owner, tmp_path, monkeypatch):
    monkeypatch.setattr(ownership, 'GRACE_S', 1.0)
    named = f'is written to by process {owner.pid} on {socket.gethostname()}'
    with pytest.raises(UsageError, match=f'{tmp_path} {named}: .*choose another'), owned(tmp_path):
        pass


def test_who_is_killed_owns_nothing(owner, tmp_path):
    os.kill(owner.pid, signal.SIGKILL)
    begun = time.monotonic()
    with owned(tmp_path):
        assert time.monotonic() - begun < 5
    assert os.listdir(tmp_path) in ([], ['.lock'])


def test_who_ends_soon_is_waited_for(tmp_path):
    told = FORK.Queue()
    process = FORK.Process(target=own, args=(tmp_path, told, 3.0))
    process.start()
    told.get(timeout=20)
    named = f'is written to by process {process.pid} on .*: waiting at most'
    with pytest.warns(UserWarning, match=named), owned(tmp_path):
        pass
    process.join()


def own_with_a_child(folder, told):
    with owned(folder):
        child = FORK.Process(target=time.sleep, args=(600,), daemon=True)
        child.start()
        told.put(child.pid)
        time.sleep(600)


def test_a_child_that_outlives_its_parent_owns_nothing(tmp_path):
    told = FORK.Queue()
    process = FORK.Process(target=own_with_a_child, args=(tmp_path, told))
    process.start()
    child = told.get(timeout=20)
    process.kill()
    process.join()
    begun = time.monotonic()
    with owned(tmp_path):
        assert time.monotonic() - begun < 5
    os.kill(child, signal.SIGKILL)
