"""What the system does not grant loader processes is said at once, not waited for."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest
from locations import ROOT
from mmengine.config import Config
from tiny_training import CONFIG, write_config

from mroi_plugin.engine.loader_limits import TIMEOUT_S, prepare_loaders


def test_too_few_open_files_are_an_error_before_training(in_workspace, tmp_path):
    command = f'ulimit -n 64 && exec "$@" --work-dir {tmp_path / "run"}'
    tool = [sys.executable, str(ROOT / 'mroi_plugin' / 'cli.py'), 'train', write_config(tmp_path)]
    done = subprocess.run(
        ['sh', '-c', command, 'sh', *tool], capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2 and not (tmp_path / 'run' / 'epoch_1.pth').exists()
    assert 'may open 64 files' in done.stderr and 'ulimit -n 4096' in done.stderr


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
model['backbone'].update(base_channels=16, stem_channels=16)
train_dataloader['batch_size'] = 4
train_dataloader['num_workers'] = 4
train_dataloader['dataset'] = dict(pipeline=dict(crop=dict(crop_size=(192, 256))))
"""
"""3 MB a batch, 24 MB on their way. With 8 channels, torch 2.13 crashes on some AVX-512, in the
backward pass of a 1x1 convolution with a stride, channels last, on maps of this size."""


@pytest.mark.parametrize('size', ['4m', '10m'])
@pytest.mark.skipif(os.geteuid() != 0, reason='a small disk takes the right to mount one')
def test_full_shared_memory_ends_the_run_with_advice(in_workspace, tmp_path, size):
    config = write_config(tmp_path, CONFIG + LARGE)
    tool = ROOT / 'mroi_plugin' / 'cli.py'
    command = SMALL.format(size, sys.executable, tool, config, tmp_path / 'run')
    done = subprocess.run(
        ['unshare', '-m', 'sh', '-c', command], capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr[-2000:]
    assert 'The shared memory is full (/dev/shm, ' in done.stderr and '--shm-size' in done.stderr
