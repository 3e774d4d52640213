"""A training killed ten times gives the numbers of one that was left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_training import CONFIG, MIXED, write_config

from mroi_plugin.analysis.ablation.runs import read_errors
from mroi_plugin.engine.checkpoints import read_checkpoint

STEPS = 40
PLACES = [('loader', 9), ('step', 3), ('write', 3), ('move', 1), ('move', 4)]
TIMED = 5


class Server:
    """The process that trains, see `training_server`."""

    def __init__(self, cwd: Path) -> None:
        script = str(Path(__file__).parents[1] / 'training_server.py')
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process = subprocess.Popen([sys.executable, script], cwd=cwd, **pipes)

    def start(self, config: str, work_dir: Path, resume: bool = False, kill=None) -> int:
        request = {'config': config, 'work_dir': str(work_dir)}
        line = json.dumps({**request, 'resume': resume, 'kill': kill})
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> int:
        return int(self.process.stdout.readline())


@pytest.fixture(scope='module')
def server(workspace):
    server = Server(workspace)
    yield server
    server.process.stdin.close()
    server.process.wait(60)


def losses_of(work_dir: Path) -> list[dict[int, float]]:
    """Loss by step, of each of the runs in a work dir."""
    runs = []
    for log in sorted(work_dir.glob('*/vis_data/scalars.json')):
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        runs.append({entry['step']: entry['loss'] for entry in entries if 'loss' in entry})
    return runs


def steps_done(work_dir: Path) -> int:
    logs = work_dir.glob('*/vis_data/scalars.json')
    return sum(log.read_text().count('\n') for log in logs)


def kill_at_any_moment(process: int, work_dir: Path, rng: np.random.Generator) -> None:
    """SIGKILL for a training and its workers, some steps and some milliseconds from now."""
    target, deadline = steps_done(work_dir) + int(rng.integers(1, 5)), time.time() + 60
    while steps_done(work_dir) < target:
        assert time.time() < deadline, (work_dir.parent / f'{work_dir.name}.err').read_text()[-900:]
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.1))
    os.killpg(process, signal.SIGKILL)


def test_ten_kills_change_no_number(server, tmp_path):
    config = write_config(tmp_path, MIXED)
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    server.start(config, whole)
    assert server.end() == 0, (tmp_path / 'whole.err').read_text()[-900:]
    rng = np.random.default_rng(0)
    kills = [*PLACES, *[None] * TIMED]
    for number, which in enumerate(rng.permutation(len(kills))):
        process = server.start(config, killed, resume=number > 0, kill=kills[which])
        if kills[which] is None:
            kill_at_any_moment(process, killed, rng)
        assert server.end() == signal.SIGKILL, (tmp_path / 'killed.err').read_text()[-900:]
        for checkpoint in killed.glob('[!.]*.pth'):
            assert read_checkpoint(str(checkpoint))['optimizer']['state']
    server.start(config, killed, resume=True)
    assert server.end() == 0, (tmp_path / 'killed.err').read_text()[-900:]

    (expected,) = losses_of(whole)
    runs = losses_of(killed)
    assert sorted(expected) == list(range(1, STEPS + 1))
    assert {step for run in runs for step in run} == set(expected)
    for run in runs:  # what was done twice came out the same twice
        assert run == {step: expected[step] for step in run}
    same_state(*(read_checkpoint(str(d / f'iter_{STEPS}.pth')) for d in (whole, killed)))
    assert not list(killed.glob('*.part*'))


EPOCHS = (
    CONFIG.replace('val_dataloader = val_cfg = val_evaluator = None', '')
    + """
train_cfg = dict(max_epochs=2, val_interval=1)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
"""
)
STAGES = (0, 1, 9, 20, 40, 60, 80, 100)
"""Visits to hooks since the checkpoint of the first epoch was moved to its place: some eighty until
its validation is done, then those of the second epoch."""


def test_kills_between_a_checkpoint_and_the_next_epoch_change_no_number(server, tmp_path):
    config = write_config(tmp_path, EPOCHS)
    server.start(config, tmp_path / 'whole')
    assert server.end() == 0, (tmp_path / 'whole.err').read_text()[-900:]
    expected = read_errors(tmp_path / 'whole')
    assert expected['epochs'] == [1, 2]
    for stage in STAGES:
        killed = tmp_path / f'killed_{stage}'
        server.start(config, killed, kill=['epoch', stage])
        assert server.end() == signal.SIGKILL
        server.start(config, killed, resume=True)
        assert server.end() == 0, (tmp_path / f'{killed.name}.err').read_text()[-900:]
        assert read_errors(killed) == expected, stage
        paths = (folder / 'epoch_2.pth' for folder in (tmp_path / 'whole', killed))
        same_state(*map(read_checkpoint, map(str, paths)))


def same_state(one, other):
    assert one['state_dict'].keys() == other['state_dict'].keys()
    assert all(torch.equal(v, other['state_dict'][k]) for k, v in one['state_dict'].items())
    for index, moments in one['optimizer']['state'].items():
        for name, value in moments.items():
            found = other['optimizer']['state'][index][name]
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(found))
    assert one['param_schedulers'] == other['param_schedulers']
