"""Images that do not lie in a folder: another of mmengine's backends is a change of config."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
import torch
from locations import ROOT

from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.preflight import check_config, required_files
from mroi_plugin.registry import DATASETS

CONFIG = ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py'
DOCS = (ROOT / 'docs' / 'data.md').read_text(encoding='utf-8')
WRITE, READ = (block for block in re.findall(r'```python\n(.*?)```', DOCS, re.S) if 'lmdb' in block)
(OPTION,) = re.findall(r'--cfg-options\s+"(train_dataloader[^"]*lmdb[^"]*)"', DOCS)


@pytest.fixture(scope='module')
def place(workspace, tmp_path_factory):
    """A folder with the annotations alone, and the images in the database that the docs write."""
    place = tmp_path_factory.mktemp('lmdb')
    shutil.copytree(workspace / 'data', place / 'data')
    subprocess.run([sys.executable, '-c', WRITE], cwd=place, check=True)
    shutil.rmtree(place / 'data' / 'synthetic' / 'datasets')
    (place / 'mine.py').write_text(f'_base_ = {str(CONFIG)!r}\n{READ}')
    return place


@pytest.fixture(params=['config file', 'option'])
def of_database(request, place, monkeypatch):
    """The config that reads the database, in each of the ways that the docs have."""
    monkeypatch.chdir(place)
    if request.param == 'config file':
        return load_config('mine.py', 'unused')
    return load_config(str(CONFIG), 'unused', options=[OPTION])


def test_samples_are_those_of_the_folder(of_database, workspace):
    read = DATASETS.build(of_database.train_dataloader.dataset)
    cfg = load_config(str(CONFIG), 'unused').train_dataloader.dataset
    cfg.image_dir = str(workspace / cfg.image_dir)
    of_folder = DATASETS.build(cfg)
    for i in range(3):
        assert read[i]['img'].equal(of_folder[i]['img'])
    loader = torch.utils.data.DataLoader(read, batch_size=8, num_workers=2)
    crops = torch.cat([batch['img'] for batch in loader])
    assert crops[5].equal(of_folder[5]['img'])


def test_no_folder_is_asked_for(place, monkeypatch):
    monkeypatch.chdir(place)
    check_config(load_config('mine.py', 'unused').to_dict())
    files = [str(f.path) for f in required_files(load_config(str(CONFIG), 'unused').to_dict())]
    assert any(path.endswith('datasets/synthetic') for path in files)


def test_an_unknown_key_is_named(of_database):
    cfg = of_database.train_dataloader.dataset
    cfg.image_dir = 'elsewhere'
    with pytest.raises(InvalidSampleError, match=r'elsewhere/.*the image is missing'):
        DATASETS.build(cfg)[0]
