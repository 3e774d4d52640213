"""The worked examples of docs/extending.md, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from locations import ROOT

TEXT = (ROOT / 'docs' / 'extending.md').read_text()
FILES = dict(re.findall(r'<!-- file: (\S+) -->\n```python\n(.*?)```', TEXT, re.S))
COMMANDS = re.findall(r'<!-- run -->\n```bash\n(.*?)\n```', TEXT, re.S)
SHORT = 'train_cfg.max_epochs=1 train_cfg.val_interval=1 train_dataloader.batch_size=8'


@pytest.fixture(scope='module')
def project(workspace, tmp_path_factory):
    """A folder as a user has it: the data, the tools and the files of the page."""
    folder = tmp_path_factory.mktemp('extending')
    for name, target in (
        ('data', workspace / 'data'),
        ('tools', ROOT / 'tools'),
        ('configs', ROOT / 'configs'),
    ):
        (folder / name).symlink_to(target)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace('{{ configs }}', str(ROOT / 'configs')))
    return folder


def run(command, folder):
    words = command.split()
    env = {**os.environ, 'OMP_NUM_THREADS': '1'}
    while '=' in words[0]:
        name, value = words.pop(0).split('=')
        env[name] = value
    assert words.pop(0) == 'python'
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_the_page_has_its_examples():
    assert len(FILES) == 3 and len(COMMANDS) == 3


def test_a_component_of_ones_own_trains(project):
    out = run(f'{COMMANDS[0]} --cfg-options {SHORT}', project)
    assert 'loss_betas' in out
    assert (project / 'work_dirs' / 'mroi_shape_prior' / 'epoch_1.pth').is_file()


def test_another_method_of_the_host_trains_and_is_compared(project):
    run(f'{COMMANDS[1]} --cfg-options {SHORT}', project)
    assert (project / 'work_dirs' / 'hmr_resnet34' / 'epoch_1.pth').is_file()
    command = COMMANDS[2].replace('--epochs 5', '--epochs 1')
    run(f'{command} --cfg-options train_dataloader.batch_size=8', project)
    found = json.loads((project / 'comparison' / 'comparison.json').read_text())['methods']
    assert set(found) == {'cliff_synthetic', 'hmr_resnet34'}
    assert found['hmr_resnet34']['parameters'] > found['cliff_synthetic']['parameters']
