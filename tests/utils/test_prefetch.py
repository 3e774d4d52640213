"""Items come in order, computed while those before are used, and never too many of them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from mroi_plugin.utils.prefetch import prefetched


class Computed:
    """Numbers, and how many were computed and by whom."""

    def __init__(self, count, seconds=0.0, error_at=None):
        self.count, self.seconds, self.error_at = count, seconds, error_at
        self.begun, self.threads, self.closed_in = 0, set(), None

    def __iter__(self):
        try:
            for number in range(self.count):
                self.begun += 1
                self.threads.add(threading.current_thread())
                time.sleep(self.seconds)
                if number == self.error_at:
                    raise LookupError(f'item {number}')
                yield number
        finally:
            self.closed_in = threading.current_thread()


def settled(computed):
    """How many are begun when no more come."""
    begun = -1
    while begun != computed.begun:
        begun = computed.begun
        time.sleep(0.1)
    return begun


def test_in_order_and_a_few_ahead():
    computed = Computed(20)
    items = prefetched(iter(computed))
    assert computed.begun == 0
    taken = []
    for item in items:
        taken.append(item)
        # those taken, one that waits, and one that is computed
        assert settled(computed) == min(len(taken) + 2, 20)
        if len(taken) == 3:
            break
    assert taken + list(items) == list(range(20))
    assert threading.current_thread() not in computed.threads and len(computed.threads) == 1


def test_computing_and_using_overlap():
    start = time.perf_counter()
    for _ in prefetched(iter(Computed(10, seconds=0.05))):
        time.sleep(0.05)
    assert time.perf_counter() - start < 0.8  # 1.0 one after the other, 0.55 at best


def test_nested_stages_keep_the_order_and_end_together():
    computed = Computed(10)

    def doubled():
        for item in prefetched(iter(computed)):
            yield 2 * item

    items = prefetched(item + 1 for item in doubled())
    before = threading.active_count()
    assert [next(items), next(items)] == [1, 3]
    assert threading.active_count() == before + 2
    items.close()
    assert threading.active_count() == before
    assert computed.closed_in is not threading.current_thread()


def test_an_error_comes_in_its_place():
    items = prefetched(iter(Computed(10, error_at=3)))
    taken = []
    with pytest.raises(LookupError, match='item 3'):
        for item in items:
            taken.append(item)
    assert taken == [0, 1, 2]
    assert list(items) == []


def test_errors_of_the_caller_end_the_thread():
    computed = Computed(1000)
    before = threading.active_count()

    def use():
        for item in prefetched(iter(computed)):
            if item == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
    assert computed.begun <= 6 and computed.closed_in is not None


ABANDONED = """
import itertools, sys, torch
from mroi_plugin.utils.prefetch import prefetched

work = torch.nn.Conv2d(32, 32, 3)
def computed():
    for i in itertools.count():
        with torch.inference_mode():
            work(torch.zeros(4, 32, 128, 128))
        yield i

items = prefetched(2 * i for i in prefetched(computed()))
for item in items:
    print(item)
    {then}
"""


@pytest.mark.parametrize(
    ('then', 'status', 'told'),
    [('break', 0, ''), ('sys.exit(3)', 3, ''), ('raise LookupError("mine")', 1, 'LookupError')],
)
def test_a_process_ends_as_it_should_while_threads_compute(then, status, told):
    done = subprocess.run(
        [sys.executable, '-c', ABANDONED.format(then=then)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (status, '0\n'), done.stderr
    assert told in done.stderr and bool(done.stderr) == bool(told)


def test_an_interrupt_waits_for_nothing():
    """A thread that does not come back, as in a read of a slow server."""
    begun, free = threading.Event(), threading.Event()

    def stuck():
        yield 0
        begun.set()
        free.wait(20)
        yield 1

    items = prefetched(stuck())
    assert next(items) == 0 and begun.wait(20)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        items.throw(KeyboardInterrupt)
    assert time.monotonic() - start < 1
    free.set()
