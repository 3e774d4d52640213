"""Weights that are not named: of the package, or trained in the working directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mroi_plugin.apis import model_zoo
from mroi_plugin.apis.model_zoo import find_weights


@pytest.fixture(autouse=True)
def no_weights_in_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model_zoo, 'MODELS', tmp_path / 'assets')
    return tmp_path


def left_by_training(folder, age, name='epoch_3.pth'):
    """A work dir as the checkpoint hook leaves it, made elsewhere and some seconds ago."""
    folder = Path('work_dirs') / folder
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b'weights')
    (folder / 'last_checkpoint').write_text(f'/elsewhere/{folder}/{name}')
    os.utime(folder / name, (1e9 - age, 1e9 - age))
    return str(folder / name)


def test_the_newest_of_what_trainings_have_left():
    with pytest.raises(FileNotFoundError, match=r'none are in work_dirs/mroi_open or .*make train'):
        find_weights('mroi_open')
    found = [
        left_by_training(folder, age)
        for age, folder in ((30, 'quickstart/mroi_open'), (20, 'mroi_open_cached'))
    ]
    assert find_weights('mroi_open') == find_weights('configs/mroi/mroi_open.py') == found[1]
    left_by_training('mroi_open', 40)
    assert find_weights('mroi_open') == found[1]
    with pytest.raises(FileNotFoundError, match='cliff_open: no trained weights'):
        find_weights('cliff_open')


def test_weights_of_the_package_go_first(tmp_path):
    left_by_training('mroi_open', 0)
    (tmp_path / 'assets').mkdir()
    shipped = tmp_path / 'assets' / 'mroi_open.safetensors'
    shipped.write_bytes(b'weights')
    assert find_weights('mroi_open') == str(shipped)
    with pytest.raises(FileNotFoundError, match='but with mroi_open, and none are in'):
        find_weights('cliff_open')


@pytest.mark.parametrize('told', ['', '/elsewhere/gone.pth'])
def test_a_checkpoint_that_is_gone_is_none(told):
    left_by_training('mroi_open', 0)
    Path('work_dirs/mroi_open/last_checkpoint').write_text(told)
    with pytest.raises(FileNotFoundError, match='no trained weights'):
        find_weights('mroi_open')
