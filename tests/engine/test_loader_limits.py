"""What the system does not grant loader processes is said at once, not waited for."""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys

import pytest
from locations import ROOT
from mmengine.config import Config
from tiny_training import CONFIG, write_config

from mroi_plugin import apis
from mroi_plugin.engine.loader_limits import TIMEOUT_S, prepare_loaders

FORK = multiprocessing.get_context('fork')


def train_with(limit, config, work_dir, queue):
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    try:
        apis.train(config, work_dir)
    except OSError as error:
        queue.put(str(error))


def test_too_few_open_files_are_an_error_before_training(in_workspace, tmp_path):
    queue = FORK.Queue()
    arguments = ((64, 64), write_config(tmp_path), str(tmp_path / 'run'), queue)
    process = FORK.Process(target=train_with, args=arguments)
    process.start()
    message = queue.get(timeout=60)
    process.join()
    assert 'may open 64 files' in message and 'ulimit -n 4096' in message


def test_the_limit_is_raised_to_what_may_be_and_waits_have_an_end():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    loader = dict(num_workers=1)
    cfg = Config(dict(train_dataloader=loader, val_dataloader=dict(num_workers=0)))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    prepare_loaders(cfg)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert cfg.train_dataloader.timeout == TIMEOUT_S and 'timeout' not in cfg.val_dataloader


SMALL = 'mount -t tmpfs -o size={} tmpfs /dev/shm && exec {} {} train {} --work-dir {}'
LARGE = """
train_dataloader['batch_size'] = 4
train_dataloader['num_workers'] = 4
train_dataloader['dataset'] = dict(pipeline=dict(crop=dict(crop_size=(192, 256))))
"""
"""3 MB a batch, 24 MB on their way."""


@pytest.mark.parametrize('size', ['4m', '10m'])
@pytest.mark.skipif(os.geteuid() != 0, reason='a small disk takes the right to mount one')
def test_full_shared_memory_ends_the_run_with_advice(in_workspace, tmp_path, size):
    config = write_config(tmp_path, CONFIG + LARGE)
    tool = ROOT / 'mroi_plugin' / 'cli.py'
    command = SMALL.format(size, sys.executable, tool, config, tmp_path / 'run')
    done = subprocess.run(
        ['unshare', '-m', 'sh', '-c', command], capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr[-2000:]
    assert 'The shared memory is full (/dev/shm, ' in done.stderr and '--shm-size' in done.stderr
