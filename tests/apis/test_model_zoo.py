"""Weights that are not named: of the package, or trained in the working directory."""

from __future__ import annotations

import pytest

from mroi_plugin.apis import model_zoo
from mroi_plugin.apis.model_zoo import find_weights


@pytest.fixture(autouse=True)
def no_weights_in_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model_zoo, 'MODELS', tmp_path / 'assets')
    return tmp_path


def left_by_training(folder, name='epoch_3.pth'):
    """A work dir as the checkpoint hook leaves it."""
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b'weights')
    path = str(folder / name)
    (folder / 'last_checkpoint').write_text(path)
    return path


def test_the_last_checkpoint_of_a_training(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none are in work_dirs/mroi_open or .*make train'):
        find_weights('mroi_open')
    quick = left_by_training(tmp_path / 'work_dirs' / 'quickstart' / 'mroi_open')
    assert find_weights('mroi_open') == quick
    own = left_by_training(tmp_path / 'work_dirs' / 'mroi_open')
    assert find_weights('mroi_open') == find_weights('configs/mroi/mroi_open.py') == own
    with pytest.raises(FileNotFoundError, match='cliff_open: no trained weights'):
        find_weights('cliff_open')


def test_weights_of_the_package_go_first(tmp_path):
    left_by_training(tmp_path / 'work_dirs' / 'mroi_open')
    (tmp_path / 'assets').mkdir()
    shipped = tmp_path / 'assets' / 'mroi_open.safetensors'
    shipped.write_bytes(b'weights')
    assert find_weights('mroi_open') == str(shipped)
    with pytest.raises(FileNotFoundError, match='but with mroi_open, and none are in'):
        find_weights('cliff_open')


@pytest.mark.parametrize('told', ['', 'work_dirs/mroi_open/gone.pth'])
def test_a_checkpoint_that_is_gone_is_none(told, tmp_path):
    folder = tmp_path / 'work_dirs' / 'mroi_open'
    left_by_training(folder)
    (folder / 'last_checkpoint').write_text(told)
    with pytest.raises(FileNotFoundError, match='no trained weights'):
        find_weights('mroi_open')
