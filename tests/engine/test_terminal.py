"""What a person sees of a training: few lines, names and units, a progress bar in a terminal."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys

import pytest
from mmengine.logging import MMLogger
from tiny_training import CONFIG, write_config

from mroi_plugin.engine.terminal import brief

pty = pytest.importorskip('pty')

LOGGED = CONFIG.replace('interval=1', 'interval=2')


def command(tmp_path):
    config = write_config(tmp_path, LOGGED)
    return [sys.executable, '-m', 'mroi_plugin.cli', 'train', config, '--work-dir', 'run']


def start(workspace, tmp_path, **kwargs):
    (tmp_path / 'data').symlink_to(workspace / 'data')
    environment = {**os.environ, 'TERM': 'xterm-256color', 'COLUMNS': '100', 'LINES': '30'}
    return subprocess.Popen(command(tmp_path), cwd=tmp_path, env=environment, **kwargs)


def test_lines_are_few_and_tell_names_and_units(workspace, tmp_path):
    process = start(workspace, tmp_path, stdout=subprocess.PIPE, text=True)
    told = process.communicate()[0].splitlines()
    assert process.returncode == 0
    first = next(i for i, line in enumerate(told) if 'iteration 2/4' in line)
    assert first <= 8
    number = r'\d[\d.e+-]*'
    assert re.search(
        rf'epoch 1/1, iteration 2/4: loss {number} \(camera {number}, .*vertices {number}\), '
        rf'learning rate {number}, {number} s per iteration \({number} s for data\), \d:\d\d:\d\d',
        told[first],
    )
    (path,) = tmp_path.glob('run/*/*.log')
    assert str(path) in '\n'.join(told[:first])
    text = path.read_text()
    assert 'System environment' in text and 'Config:' in text and 'iteration 4/4' in text
    assert not any('System environment' in line or 'optim_wrapper' in line for line in told)


def test_frozen_parameters_are_listed_in_the_file_alone(tmp_path, capsys):
    logger = brief(MMLogger('frozen', log_file=str(tmp_path / 'a.log')))
    logger.warning('backbone.convs.1.bias is skipped since its requires_grad=False')
    logger.warning('the loss is high')
    told = capsys.readouterr()
    assert 'the loss is high' in told.out + told.err
    assert 'requires_grad' not in told.out + told.err
    assert 'convs.1.bias' in (tmp_path / 'a.log').read_text()


def test_a_terminal_has_a_progress_bar(workspace, tmp_path):
    parent, child = pty.openpty()
    process = start(workspace, tmp_path, stdout=child, stderr=subprocess.DEVNULL)
    os.close(child)
    told = b''.join(_chunks(parent))
    assert process.wait() == 0
    text = re.sub(r'\x1b\[[\d;?]*[A-Za-z]', '', told.decode())
    assert 'ETA' in text and '4/4' in text and 'epoch 1/1 ' in text
    assert 'iteration 4/4: loss' in text  # the lines are above it, each once
    assert text.count('iteration 2/4: loss') == 1
    assert told.count(b'\x1b[?25l') == told.count(b'\x1b[?25h') == 1  # the cursor is back


def _chunks(descriptor):
    """What is written to a terminal until nobody has it open."""
    with open(descriptor, 'rb', buffering=0) as terminal, contextlib.suppress(OSError):
        while chunk := terminal.read(65536):
            yield chunk
