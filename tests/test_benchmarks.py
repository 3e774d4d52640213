"""Every benchmark runs alone, on little, and writes figures of the checked form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from locations import ROOT

from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model

SMALL = {
    'bench_detector': [],
    'bench_loading': ['--persons', '300', '--rounds', '1'],
    'bench_samples': ['--rounds', '1', '--persons', '2', '--seconds', '0.1'],
    'bench_decoding': ['--persons', '2'],
    'bench_evaluation': ['--frames', '40', '--rounds', '1'],
    'bench_probes': [
        *('--steps', '20', '--config', 'mroi_open', '--cfg-options', 'model.backbone.variant=lite')
    ],
    'bench_real_images': ['--checkpoint', 'start.pth', '--show-dir', 'pictures'],
    'bench_encoders': ['--networks', 'mroi_synthetic', '--rounds', '1'],
    'bench_runtimes': [
        *('--config', 'mroi_synthetic', '--persons', '1', '--rounds', '1'),
    ],
    'bench_model': ['--networks', 'mroi_synthetic', '--rois', '1', '2', '--rounds', '1'],
}
SLOW = {'bench_startup'}
"""Starts two dozen processes; what it starts is run by other tests."""


def test_every_benchmark_is_here():
    found = {path.stem for path in (ROOT / 'benchmarks').glob('bench_*.py')}
    assert found == set(SMALL) | SLOW


@pytest.mark.parametrize(
    'path', sorted((ROOT / 'benchmarks' / 'results').glob('*.json')), ids=lambda p: p.stem
)
def test_stored_results_are_of_the_form(path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    from common import check

    check(json.loads(path.read_text()))


@pytest.mark.parametrize('name', SMALL)
def test_it_runs_and_writes_its_figures(name, workspace, tmp_path):
    (tmp_path / 'data').symlink_to(workspace / 'data')
    if '--checkpoint' in SMALL[name]:
        torch.save(build_model(load_config('mroi_open').model).state_dict(), tmp_path / 'start.pth')
    command = [sys.executable, str(ROOT / 'benchmarks' / f'{name}.py'), *SMALL[name]]
    done = subprocess.run(
        [*command, '--out', 'figures.json'],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(Path(tmp_path, 'figures.json').read_text())
    assert result['benchmark'] == name.removeprefix('bench_') and result['rows']
    assert result['command'].startswith(f'python benchmarks/{name}.py')
    assert set(result['machine']) == {'architecture', 'cores', 'gpu', 'python', 'torch'}


@pytest.mark.parametrize(
    ('command', 'told'),
    [
        (['bench_startup'], 'run: mroi make-data'),
        (['bench_probes'], 'run: mroi make-data'),
        (['bench_real_images'], 'run make train or mroi train'),
        (['bench_detector', '--images', 'missing'], '--images missing: no such folder'),
        (['bench_model', '--networks', 'missing'], 'see mroi configs'),
    ],
    ids=lambda case: case[0] if isinstance(case, list) else '',
)
def test_what_is_missing_is_one_message(command, told, tmp_path):
    name, *options = command
    done = subprocess.run(
        [sys.executable, str(ROOT / 'benchmarks' / f'{name}.py'), *options],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr and 'Traceback' not in done.stderr
