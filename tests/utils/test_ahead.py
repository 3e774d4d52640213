"""Working ahead: the same items and errors, in order, and an end when nobody reads."""

from __future__ import annotations

import threading
import time

import pytest

from mroi_plugin.utils.ahead import NAME, ahead


def threads():
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def test_order_and_end():
    assert list(ahead(range(100), 3)) == list(range(100))
    assert list(ahead([], 3)) == []
    assert not threads()


def test_it_overlaps_with_the_reader():
    def slow():
        for i in range(5):
            time.sleep(0.1)
            yield i

    start = time.perf_counter()
    for _ in ahead(slow(), 2):
        time.sleep(0.1)
    assert time.perf_counter() - start < 0.85  # 1.0 one after another, 0.6 at best


def test_no_more_than_the_depth_is_made():
    made = []

    def counted():
        for i in range(100):
            made.append(i)
            yield i

    reader = ahead(counted(), 3)
    assert not made  # nothing before the first is asked for
    assert next(reader) == 0
    time.sleep(0.3)
    assert len(made) == 5  # the one that is read, three ready, one in hand
    reader.close()


def test_errors_come_where_the_items_are_read():
    def failing():
        yield 1
        yield 2
        raise ValueError('of the third')

    reader = ahead(failing(), 8)
    assert [next(reader), next(reader)] == [1, 2]
    with pytest.raises(ValueError, match='of the third'):
        next(reader)
    assert not threads()


def test_a_reader_who_stops_ends_the_thread_and_closes_the_source():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    reader = ahead(endless(), 2)
    next(reader)
    assert threads()
    reader.close()
    assert closed.is_set() and not threads()


def test_stages_stack():
    squares = (i * i for i in ahead(range(20), 2))
    assert list(ahead(squares, 2)) == [i * i for i in range(20)]
    assert not threads()
