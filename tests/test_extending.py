"""The worked examples of docs/extending.md, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from locations import ROOT

TEXT = (ROOT / 'docs' / 'extending.md').read_text(encoding='utf-8')
FILES = dict(re.findall(r'<!-- file: (\S+) -->\n```python\n(.*?)```', TEXT, re.S))
COMMANDS = re.findall(r'<!-- run -->\n```bash\n(.*?)\n```', TEXT, re.S)
SHORT = 'train_cfg.max_epochs=1 train_cfg.val_interval=1 train_dataloader.batch_size=8'


@pytest.fixture(scope='module')
def project(workspace, tmp_path_factory):
    """A folder as a user has it: the data and the files of the page, and nothing of this
    project."""
    folder = tmp_path_factory.mktemp('extending')
    (folder / 'data').symlink_to(workspace / 'data')
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace('{{ configs }}', str(ROOT / 'configs')))
    return folder


def run(command, folder):
    """Run ``[NAME=VALUE] mroi VERB ...`` in a folder; returns what it prints."""
    words = command.split()
    env = dict(os.environ)
    while '=' in words[0]:
        name, value = words.pop(0).split('=')
        env[name] = value
    assert words.pop(0) == 'mroi'
    done = subprocess.run(
        [sys.executable, '-m', 'mroi_plugin.cli', *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_the_page_has_its_examples():
    assert len(FILES) == 3 and len(COMMANDS) == 3


def test_losses_are_added_replaced_and_removed(project):
    out = run(f'{COMMANDS[0]} --cfg-options {SHORT}', project)
    terms = re.search(r'\bloss \S+ \((.*?)\)', out)[1]
    told = {term.split()[0] for term in terms.split(', ')}
    assert {'shape_prior', 'betas', 'camera'} <= told and 'contrastive' not in told
    folder = project / 'work_dirs' / 'mroi_shape_prior'
    assert (folder / 'epoch_1.pth').is_file()
    (scalars,) = folder.glob('*/vis_data/scalars.json')
    logged = {name for line in scalars.read_text().splitlines() for name in json.loads(line)}
    assert {f'loss_{name}' for name in told} <= logged and 'loss_contrastive' not in logged


LOSSES = """
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model

model = build_model(load_config('my_project/mroi_shape_prior.py').model)
for name, loss in model.losses.items():
    print(name, type(loss).__name__, loss.loss_weight, getattr(loss, 'pairs', None))
"""


def test_they_are_those_of_the_config(project):
    done = subprocess.run(
        [sys.executable, '-c', LOSSES], cwd=project, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert 'shape_prior SquaredBetasLoss 0.01 None' in lines
    assert 'betas SquaredBetasLoss 0.001 None' in lines
    assert any(re.fullmatch('camera CameraConsistencyLoss .* anchor', line) for line in lines)
    assert not any(line.startswith('contrastive') for line in lines)


def test_another_method_of_mmhuman3d_trains_and_is_compared(project):
    run(f'{COMMANDS[1]} --cfg-options {SHORT}', project)
    assert (project / 'work_dirs' / 'hmr_resnet34' / 'epoch_1.pth').is_file()
    command = COMMANDS[2].replace('--epochs 5', '--epochs 1')
    run(f'{command} --cfg-options train_dataloader.batch_size=8', project)
    found = json.loads((project / 'comparison' / 'comparison.json').read_text())['methods']
    assert set(found) == {'mean body', 'cliff_synthetic', 'hmr_resnet34'}
    assert found['hmr_resnet34']['parameters'] > found['cliff_synthetic']['parameters']
