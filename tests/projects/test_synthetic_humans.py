"""The data set as a whole: one seed one result, resumable, readable by us and by mmhuman3d."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from locations import ROOT
from processes import session_members, wait_for_end
from synthetic_humans.build import build_synthetic_data
from synthetic_humans.manifest import PART_IMAGES, Layout

from mroi_plugin.datasets.annotation_file import read_human_data
from mroi_plugin.datasets.human_data import MultiRoIHumanDataset


def digests(folder):
    files = sorted(p for p in folder.rglob('*') if p.is_file() and p.name != '.lock')
    return {str(p.relative_to(folder)): hashlib.md5(p.read_bytes()).hexdigest() for p in files}


def test_same_seed_same_bytes_whatever_the_processes(tmp_path):
    for name, seed, jobs in (('a', 3, 1), ('b', 3, 2), ('c', 4, 1)):
        build_synthetic_data(tmp_path / name, train=4, test=2, seed=seed, jobs=jobs, quiet=True)
    first, again, other = (digests(tmp_path / name) for name in 'abc')
    assert len(first) == 9 and first == again
    assert all(first[f] != other[f] for f in first)


def test_complete_data_is_recognized_and_other_data_kept(tmp_path):
    options = {'train': 2, 'test': 1, 'jobs': 1, 'quiet': True}
    assert build_synthetic_data(tmp_path, **options)
    before = digests(tmp_path)
    assert not build_synthetic_data(tmp_path, **options)
    with pytest.raises(ValueError, match='--force'):
        build_synthetic_data(tmp_path, **{**options, 'seed': 1})
    assert digests(tmp_path) == before
    assert build_synthetic_data(tmp_path, **options, force=True) and digests(tmp_path) == before


def test_force_removes_what_it_wrote_and_nothing_else(tmp_path):
    build_synthetic_data(tmp_path, train=3, test=2, jobs=1, quiet=True)
    stranger = tmp_path / 'datasets' / 'synthetic' / 'train' / '000' / 'notes.txt'
    stranger.write_text('kept')
    build_synthetic_data(tmp_path, train=1, test=1, jobs=1, quiet=True, force=True)
    assert stranger.read_text() == 'kept'
    assert len(list(tmp_path.rglob('*.jpg'))) == 2


def test_interrupted_build_goes_on(tmp_path, monkeypatch):
    """Parts that are whole are kept as they are; the one that was begun is drawn again."""
    monkeypatch.setattr('synthetic_humans.build.PART_IMAGES', 2)
    options = {'train': 5, 'test': 1, 'jobs': 1, 'quiet': True}
    build_synthetic_data(tmp_path / 'whole', **options)
    stopped = Layout(tmp_path / 'stopped')
    with monkeypatch.context() as patch:
        patch.setattr('synthetic_humans.build._collected', stop)
        with pytest.raises(KeyboardInterrupt):
            build_synthetic_data(stopped.root, **options)
    assert not json.loads(stopped.manifest.read_text())['complete']
    stopped.part('train', 2).unlink()
    stopped.image('train', 3).unlink()
    kept = stopped.image('train', 0)
    written = kept.stat().st_mtime_ns
    assert build_synthetic_data(stopped.root, **options)
    assert kept.stat().st_mtime_ns == written
    assert digests(stopped.root) == digests(tmp_path / 'whole')


def stop(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize('options', [{'train': 0}, {'test': -1}, {'jobs': 0}, {'seed': -1}])
def test_impossible_counts_are_refused(tmp_path, options):
    with pytest.raises(ValueError, match=f'--{next(iter(options))} must be'):
        build_synthetic_data(tmp_path, **options)


def test_a_full_disk_is_named(small_disk):
    small_disk.make('full')
    with pytest.raises(OSError, match='No space left on device'):
        build_synthetic_data(small_disk.folder / 'out', train=2, test=1, jobs=1, quiet=True)


def make_data(folder):
    """``mroi make-data`` as a session of its own, drawing in two processes."""
    return subprocess.Popen(
        [sys.executable, '-m', 'mroi_plugin.cli', 'make-data', '--out', folder, '--train', '900'],
        start_new_session=True, stderr=subprocess.PIPE, text=True,
        env={**os.environ, 'PYTHONPATH': f'{ROOT}:{ROOT}/projects/synthetic_humans'},
    )  # fmt: skip


def drawing(process, folder):
    """Wait until images appear; returns the processes."""
    deadline = time.monotonic() + 240
    while not any(folder.rglob('*.jpg')):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    return session_members(process.pid)


def test_killed_it_takes_the_processes_that_draw_with_it(tmp_path):
    process = make_data(tmp_path)
    assert len(drawing(process, tmp_path)) >= 4
    process.kill()
    process.wait()
    wait_for_end(process.pid, 20)


def test_a_process_that_draws_and_is_killed_is_told(tmp_path):
    process = make_data(tmp_path)
    os.kill(max(drawing(process, tmp_path)), signal.SIGKILL)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 2 and 'lower --jobs' in told and 'Traceback' not in told


def test_images_are_spread_over_folders():
    layout = Layout('')
    assert layout.image_name('train', 12345) == 'train/012/012345.jpg'
    assert 1000 % PART_IMAGES == 0


def test_people_of_one_image_are_rows_that_share_its_path(tmp_path):
    build_synthetic_data(tmp_path, train=12, test=1, jobs=1, quiet=True)
    path = tmp_path / 'preprocessed_datasets' / 'synthetic_train.npz'
    table = read_human_data(str(path))
    names, counts = np.unique(table['image_path'], return_counts=True)
    assert len(names) > 8 and counts.max() > 1
    pipeline = [{'type': 'LoadImage'}, {'type': 'MultiRoICrop'}, {'type': 'PackMultiRoIInputs'}]
    images = tmp_path / 'datasets' / 'synthetic'
    dataset = MultiRoIHumanDataset(str(path), str(images), pipeline)
    assert len(dataset) == counts.sum() == len(table['visible'])
    together = np.flatnonzero(np.array(table['image_path']) == names[counts.argmax()])
    samples = [dataset[int(i)] for i in together]
    size = cv2.imread(str(images / names[counts.argmax()])).shape[1::-1]
    assert all(tuple(sample['img_size']) == size for sample in samples)
    assert len({tuple(sample['rois'][0].tolist()) for sample in samples}) == len(samples)
    assert len({float(sample['focal_length']) for sample in samples}) == 1


def test_stock_mmhuman3d_reads_the_files(workspace):
    from mmhuman3d.data.datasets import HumanImageDataset

    data = HumanImageDataset(
        data_prefix=str(workspace / 'data' / 'synthetic'),
        pipeline=[],
        dataset_name='synthetic',
        ann_file='synthetic_test.npz',
        convention='smpl_54',
    )
    sample = data.prepare_raw_data(0)
    assert cv2.imread(sample['image_path']) is not None
    assert sample['has_smpl'] == 1 and sample['keypoints2d'].shape == (54, 3)
    assert np.abs(sample['smpl_transl']).max() > 0.5
