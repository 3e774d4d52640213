"""Folders to write to, in whose place a file is, are refused by name before anything is loaded."""

from __future__ import annotations

import re

import pytest

from mroi_plugin.cli import main

COMMANDS = {
    'infer --out': ['infer', 'a.jpg', '--out'],
    'train --work-dir': ['train', 'mroi_synthetic', '--work-dir'],
    'test --work-dir': ['test', 'mroi_synthetic', 'a.pth', '--work-dir'],
    'test --show-dir': ['test', 'mroi_synthetic', 'a.pth', '--show-dir'],
}


@pytest.mark.parametrize('below', ['', '/in/it'])
@pytest.mark.parametrize('command', COMMANDS)
def test_a_file_is_no_folder(command, below, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SystemExit) as stop:
        main([*COMMANDS[command], f'{tmp_path}/file{below}'])
    told = capsys.readouterr().err
    assert stop.value.code == 2 and command.split()[1] in told
    assert f'{tmp_path}/file is a file, expected a folder' in told


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['infer', ''], "INPUT '': expected a path"),
        (['infer', 'a.jpg', '--save', 'jsn'], '--save jsn: expected some of json, .*coco'),
    ],
)
def test_options_are_judged_before_the_model_is_built(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert re.search(message, capsys.readouterr().err)
