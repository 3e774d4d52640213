"""Building an index: once by one of several processes; one that is killed or whose disk is full
leaves nothing that is in the way."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from filelock import FileLock

from mroi_plugin.datasets import annotation_columns
from mroi_plugin.datasets import index as annotation_index
from mroi_plugin.datasets.index import open_index
from mroi_plugin.utils.npz_files import read_npz

FORK = multiprocessing.get_context('fork')
LOCK = '.synthetic_train.smpl_54.index.lock'
BUILD, ROWS = annotation_index._build, annotation_index.keypoint_rows


@pytest.fixture
def source(workspace, tmp_path):
    """A copy without an index, alone in its folder."""
    name = 'synthetic_train.npz'
    shutil.copy(workspace / 'data' / 'synthetic' / 'preprocessed_datasets' / name, tmp_path / name)
    return str(tmp_path / name)


def contents(source):
    """Names beside the file, but those of the lock, which stays, and its owner."""
    names = set(os.listdir(os.path.dirname(source)))
    return names - {os.path.basename(source), LOCK, f'{LOCK}.owner'}


def start(work, *arguments):
    """A process that does some work."""
    job = FORK.Process(target=work, args=arguments)
    job.start()
    return job


def ask(source, queue, seconds=0.0):
    """Open the index; whoever builds it says so and takes some time."""

    def build(*arguments):
        queue.put(os.getpid())
        time.sleep(seconds)
        BUILD(*arguments)

    annotation_index._build = build
    index = open_index(source, 'smpl_54')
    assert len(index.image_paths) == 32 and index.arrays['keypoints2d'].any()


def test_one_of_four_builds(source):
    queue = FORK.Queue()
    jobs = [start(ask, source, queue, 1.0) for _ in range(4)]
    for job in jobs:
        job.join()
        assert job.exitcode == 0
    assert queue.get(timeout=5) and queue.empty()
    assert contents(source) == {'synthetic_train.smpl_54.index'}


def test_an_error_frees_the_lock(source, monkeypatch):
    def build(*arguments):
        raise ValueError('no box')

    monkeypatch.setattr(annotation_index, '_build', build)
    for _ in range(2):
        with pytest.raises(ValueError, match='no box'):
            open_index(source, 'smpl_54')


def never_done(*arguments):
    """Keypoints that do not come, once the first columns are on the disk."""
    if arguments[-1].start:
        time.sleep(600)
    return ROWS(*arguments)


def build_for_ever(source):
    annotation_columns.CHUNK = 16
    annotation_index.keypoint_rows = never_done
    open_index(source, 'smpl_54')


def test_a_killed_builder_holds_nobody_up(source):
    job = start(build_for_ever, source)
    while not any(name.endswith('.part') for name in contents(source)):
        time.sleep(0.01)
    os.kill(job.pid, signal.SIGKILL)
    job.join()
    assert contents(source) and 'synthetic_train.smpl_54.index' not in contents(source)
    begun, queue = time.monotonic(), FORK.Queue()
    jobs = [start(ask, source, queue) for _ in range(2)]
    for job in jobs:
        job.join(timeout=20)
        assert job.exitcode == 0
    assert time.monotonic() - begun < 20
    assert contents(source) == {'synthetic_train.smpl_54.index'}


def test_a_slow_builder_is_waited_for_and_named(source):
    queue = FORK.Queue()
    job = start(ask, source, queue, 3.0)
    assert queue.get(timeout=20) == job.pid
    with pytest.warns(UserWarning, match=f'is built by process {job.pid} on .*at most 600 s'):
        assert len(open_index(source, 'smpl_54').image_paths) == 32
    job.join(timeout=20)
    assert job.exitcode == 0


def build_on_a_full_disk(source, queue, limit):
    """No file may grow beyond a limit, which is an error of the same kind as a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        open_index(source, 'smpl_54')
    except OSError as error:
        queue.put(str(error))


@pytest.mark.parametrize('limit', [0, 100, 2000, 20_000])
def test_a_full_disk_is_an_error_that_leaves_nothing(source, limit):
    queue = FORK.Queue()
    job = start(build_on_a_full_disk, source, queue, limit)
    said = queue.get(timeout=60)
    job.join()
    assert job.exitcode == 0  # no signal killed it
    assert 'synthetic_train.smpl_54.index cannot be written' in said and 'make room' in said
    assert contents(source) == set()
    open_index(source, 'smpl_54')


def test_a_failed_building_leaves_what_was_there(source, monkeypatch):
    place = open_index(source, 'smpl_54').path
    before = {name: os.stat(os.path.join(place, name)) for name in os.listdir(place)}
    data = read_npz(source)
    data['bbox_xywh'] = data['bbox_xywh'] + 1
    np.savez_compressed(source, **{key: np.asarray(value) for key, value in data.items()})

    def broken(*arguments):
        if arguments[-1].start:
            raise RuntimeError
        return ROWS(*arguments)

    monkeypatch.setattr(annotation_columns, 'CHUNK', 16)
    monkeypatch.setattr(annotation_index, 'keypoint_rows', broken)
    with pytest.raises(RuntimeError):
        open_index(source, 'smpl_54')
    after = {name: os.stat(os.path.join(place, name)) for name in os.listdir(place)}
    assert before == after and contents(source) == {'synthetic_train.smpl_54.index'}


def test_a_file_system_without_locks_will_do(source, monkeypatch):
    def acquire(self, **options):
        raise NotImplementedError('FileSystem does not appear to support flock')

    monkeypatch.setattr(FileLock, 'acquire', acquire)
    assert len(open_index(source, 'smpl_54').image_paths) == 32


def test_it_can_be_removed_at_any_time(source):
    index = open_index(source, 'smpl_54')
    mapped = index.arrays['keypoints2d']
    shutil.rmtree(index.path)
    os.remove(os.path.join(os.path.dirname(source), LOCK))
    assert mapped.any()
    np.testing.assert_array_equal(open_index(source, 'smpl_54').arrays['keypoints2d'], mapped)


GROWTH = """
import re, resource, sys, threading, time
from mroi_plugin.datasets.index import open_index
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names

def anonymous_mib():
    return int(re.search(r'RssAnon:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024

def watch():
    while True:
        peaks.append(anonymous_mib())
        time.sleep(0.01)

keypoint_names('smpl_54')
before, peaks = anonymous_mib(), []
threading.Thread(target=watch, daemon=True).start()
index = open_index(sys.argv[1], 'smpl_54')
print(max(peaks) - before, float(index.arrays[sys.argv[2]][-1].ravel()[0]))
"""


def grown_mib(path, column):
    """MiB that building an index takes, and the first number of its last person in a column."""
    command = [sys.executable, '-c', GROWTH, str(path), column]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, last = map(float, done.stdout.splitlines()[-1].split())
    print(grown)
    return grown, last


def test_keypoints_are_never_in_memory_as_a_whole(tmp_path):
    """244 MiB of keypoints, of which 190 joints are stored, are converted in a part of it."""
    count, path = 24_000, tmp_path / 'many.npz'
    points = np.ones((count, 190, 1), np.float64)
    points[-1] = 7
    np.savez_compressed(
        path,
        image_path=np.array([f'{i:06d}.jpg' for i in range(count)]),
        bbox_xywh=np.tile([1.0, 1, 50, 50, 1], (count, 1)),
        keypoints2d=np.concatenate([points, points, np.ones_like(points)], 2),
        keypoints3d=np.concatenate([points, points, points, np.ones_like(points)], 2),
        keypoints2d_mask=np.ones(190),
        keypoints3d_mask=np.ones(190),
    )
    grown, last = grown_mib(path, 'keypoints3d')
    assert grown < 150 and last == 7


def test_poses_and_names_are_never_in_memory_as_a_whole(tmp_path):
    """236 MiB of them, of 200,000 persons."""
    count, path = 200_000, tmp_path / 'many.npz'
    smpl = {
        name: np.ones((count, size), np.float64)
        for name, size in (('body_pose', 69), ('global_orient', 3), ('betas', 10), ('transl', 3))
    }
    smpl['body_pose'][-1] = 7
    np.savez(
        path,
        image_path=np.array([f'sequence/{"of a long name/" * 7}{i:06d}.jpg' for i in range(count)]),
        bbox_xywh=np.tile([1.0, 1, 50, 50, 1], (count, 1)),
        smpl=np.array(smpl, dtype=object),
    )
    grown, last = grown_mib(path, 'smpl_body_pose')
    assert grown < 100 and last == 7
