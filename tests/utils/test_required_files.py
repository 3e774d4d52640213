"""Missing files are reported together."""

from __future__ import annotations

from pathlib import Path

import pytest

from mroi_plugin.utils.required_files import MissingFilesError, RequiredFile, require_files


def test_nothing_is_missing(tmp_path):
    (tmp_path / 'a.npz').touch()
    require_files([RequiredFile(str(tmp_path / 'a.npz'), 'data.ann_file', 'convert it')])
    require_files([RequiredFile(tmp_path, 'data.image_dir', 'unpack it')])
    require_files([])


def test_all_missing_files_are_named_with_their_keys_and_what_to_do(tmp_path):
    (tmp_path / 'there.npz').touch()
    items = [
        RequiredFile(str(tmp_path / 'a.npz'), 'train.ann_file', 'convert it'),
        RequiredFile(str(tmp_path / 'there.npz'), 'val.ann_file', 'not to be read'),
        RequiredFile(Path('b.pkl'), 'model.body_model.model_path', 'register for it'),
    ]
    with pytest.raises(MissingFilesError, match='2 files are missing') as caught:
        require_files(iter(items))
    message = str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)
    for part in (str(tmp_path / 'a.npz'), 'train.ann_file', 'convert it'):
        assert part in message
    for part in ('b.pkl', 'model.body_model.model_path', 'register for it'):
        assert part in message
    assert 'there.npz' not in message


def test_one_missing_file_is_said_in_the_singular(tmp_path):
    with pytest.raises(MissingFilesError, match='1 file is missing'):
        require_files([RequiredFile(tmp_path / 'a', 'load_from', 'train first')])
