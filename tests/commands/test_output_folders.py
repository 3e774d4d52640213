"""Places that cannot be written to are refused by the name of the option before anything is
loaded."""

from __future__ import annotations

import re

import pytest

from mroi_plugin.cli import main

COMMANDS = {
    'infer --out': ['infer', 'a.jpg', '--out'],
    'train --work-dir': ['train', 'mroi_synthetic', '--work-dir'],
    'test --work-dir': ['test', 'mroi_synthetic', 'a.pth', '--work-dir'],
    'test --show-dir': ['test', 'mroi_synthetic', 'a.pth', '--show-dir'],
    'compare --out': ['compare', 'mroi_synthetic', '--out'],
    'ablate --out': ['ablate', 'rois', '--out'],
    'check-data --out': ['check-data', 'mroi_synthetic', '--out'],
    'make-data --out': ['make-data', '--out'],
}
"""Options that are folders."""
FILES = {
    'report --out': ['report', '.', '--out'],
    'test --out': ['test', 'mroi_synthetic', 'a.pth', '--out'],
    'export --out': ['export', 'mroi_synthetic', 'a.pth', '--out'],
    'convert-checkpoint --out': ['convert-checkpoint', 'mroi_synthetic', 'a.pth', '--out'],
    'import-annotations OUT.npz': ['import-annotations', 'spin', 'a.npz'],
    'complete-annotations OUT.npz': ['complete-annotations', 'a.npz'],
}
"""Options that are files."""


def status_of(arguments):
    """Exit status of a command line, of which a generator's own script is a part."""
    try:
        return main(arguments)
    except SystemExit as stop:
        return stop.code


@pytest.mark.parametrize('below', ['', '/in/it'])
@pytest.mark.parametrize('command', COMMANDS)
def test_a_file_is_no_folder(command, below, tmp_path, capfd):
    (tmp_path / 'file').write_text('')
    status = status_of([*COMMANDS[command], f'{tmp_path}/file{below}'])
    told = capfd.readouterr().err
    assert status == 2 and command.split()[1] in told
    assert f'{tmp_path}/file is a file, expected a folder' in told


@pytest.mark.parametrize('command', FILES)
def test_a_folder_is_no_file(command, tmp_path, capfd):
    (tmp_path / 'file').write_text('')
    for target, message in (
        (tmp_path, 'is a folder, expected a file'),
        ('/dev/null', '/dev/null is no regular file'),
        (tmp_path / 'file' / 'x', f'{tmp_path}/file is a file, expected a folder'),
    ):
        status = status_of([*FILES[command], str(target)])
        told = capfd.readouterr().err
        assert status == 2 and command.split()[1] in told and message in told


@pytest.mark.parametrize('command', [*COMMANDS, *FILES])
def test_a_read_only_disk(command, small_disk, capfd):
    small_disk.make('read-only')
    status = status_of([*{**COMMANDS, **FILES}[command], f'{small_disk.folder}/new/a'])
    told = capfd.readouterr().err
    assert status == 2 and command.split()[1] in told
    assert f'{small_disk.folder} cannot be written to: choose another folder' in told


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['infer', ''], "INPUT '': expected a path"),
        (['infer', 'a.jpg', '--save', 'jsn'], '--save jsn: expected some of json, .*coco'),
    ],
)
def test_options_are_judged_before_the_model_is_built(arguments, message, tmp_path, capfd):
    assert status_of(arguments) == 2
    assert re.search(message, capfd.readouterr().err)
