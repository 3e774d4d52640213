"""Which files ``mroi infer`` writes, reads and leaves alone, in folders with others in them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from mroi_plugin.apis.run_record import RECORD
from mroi_plugin.cli import main


@pytest.fixture
def infer(config, checkpoint, people, tmp_path, in_workspace):
    """``mroi infer`` in a folder with a copy of an image for every name, and its box."""
    box, given = people.box(0).tolist(), tmp_path / 'boxes.json'

    def run(*arguments, model=config, save='json', boxes=True):
        names = {'a.jpg': [box]} if boxes is True else boxes
        if not given.exists() or json.loads(given.read_text()) != names:
            given.write_text(json.dumps(names))
        options = ['--model', model, '--checkpoint', checkpoint, '--device', 'cpu', '--save', save]
        options = ['--boxes', given, *options, *arguments]
        return main(['infer', *map(str, options)])

    def image(folder, name='a.jpg'):
        (tmp_path / folder).mkdir(exist_ok=True)
        return shutil.copy(people.path(0), tmp_path / folder / name)

    run.image, run.box = image, box
    return run


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != RECORD}


def test_files_that_are_no_results_stay_as_they_are(infer, tmp_path):
    infer.image('own')
    (tmp_path / 'own' / 'a.json').write_text('labels')
    infer.image('own', 'a_overlay.jpg')
    before = content(tmp_path / 'own')
    boxes = {'own/a.jpg': [infer.box], 'own/a_overlay.jpg': [infer.box]}
    for _ in range(2):  # its own results it may write again
        own = tmp_path / 'own'
        assert infer(own, '--out', own, save='json,overlay', boxes=boxes) == 0
        after = content(own)
        assert {name: after[name] for name in before} == before
        written = {'a_2.json', 'a_2_overlay.jpg', 'a_overlay.json', 'a_overlay_overlay.jpg'}
        assert set(after) - set(before) == written


def test_images_of_one_name_in_two_runs(infer, tmp_path):
    for folder in ('s1', 's2', 's1'):
        infer.image(folder)
        assert infer(tmp_path / folder / 'a.jpg', '--out', tmp_path / 'out') == 0
    first, second = ((tmp_path / 'out' / name).read_text() for name in ('a.json', 'a_2.json'))
    assert 's1/a.jpg' in first and 's2/a.jpg' in second and len(content(tmp_path / 'out')) == 2


def test_results_that_were_deleted_are_made_again(infer, tmp_path):
    image, out = infer.image('in'), tmp_path / 'out'
    assert infer(image, '--out', out) == 0
    (out / 'a.json').unlink()
    assert infer(image, '--out', out, '--resume') == 0
    assert set(content(out)) == {'a.json'}


def test_results_are_no_inputs(infer, tmp_path, monkeypatch, capsys):
    infer.image('in')
    monkeypatch.chdir(tmp_path / 'in')
    for _ in range(2):
        assert infer('.', '--recursive', save='overlay') == 0
        assert set(content(tmp_path / 'in' / 'results')) == {'a_overlay.jpg'}
    assert (
        capsys.readouterr().err
        == 'warning: .: results of earlier runs skipped: results/a_overlay.jpg\n'
    )


def test_what_somebody_has_no_more_is_removed(infer, tmp_path):
    image, out = infer.image('in'), tmp_path / 'out'
    assert infer(image, '--out', out, save='json,obj,glb') == 0
    assert infer(image, '--out', out, save='json,glb', boxes={'a.jpg': np.zeros((0, 4)).tolist()})
    left = content(out)
    assert set(left) == {'a.json', 'a.obj'}  # of obj nothing was asked for
    assert json.loads(left['a.json'])['instances'] == []


def test_another_config_is_another_option(infer, config, tmp_path, capsys):
    image, out, own = infer.image('in'), tmp_path / 'out', tmp_path / 'own.py'
    own.write_text(f'_base_ = [{config!r}]\n')
    assert infer(image, '--out', out, model=own) == 0
    own.write_text(f'_base_ = [{config!r}]\ntest_dataloader = dict(dataset=dict(box_padding=2.0))')
    with pytest.raises(SystemExit, match='2'):
        infer(image, '--out', out, '--resume', model=own)
    assert 'was made with model=' in capsys.readouterr().err


def test_a_record_that_lost_its_options(infer, tmp_path, capsys):
    image, out = infer.image('in'), tmp_path / 'out'
    assert infer(image, '--out', out) == 0
    lines = (out / RECORD).read_text().splitlines(keepends=True)
    (out / RECORD).write_text(''.join([lines[0][5:], *lines[1:]]))
    with pytest.raises(SystemExit, match='2'):
        infer(image, '--out', out, '--resume')
    assert 'has lost its first line' in capsys.readouterr().err


def test_boxes_are_not_overwritten(infer, tmp_path, capsys):
    image = infer.image('in')
    given = tmp_path / 'out' / 'results_coco.json'
    (tmp_path / 'out').mkdir()
    given.write_text(json.dumps([infer.box]))
    with pytest.raises(SystemExit, match='2'):
        infer(image, '--boxes', given, '--out', tmp_path / 'out', save='coco')
    assert 'would be overwritten' in capsys.readouterr().err
    assert json.loads(given.read_text()) == [infer.box]


def test_a_folder_needs_a_name(infer, capsys):
    with pytest.raises(SystemExit, match='2'):
        infer('a.jpg', '--out', '')
    assert 'an empty name' in capsys.readouterr().err


def test_a_format_that_cannot_be_written_costs_no_other(infer, tmp_path, capsys):
    out = tmp_path / 'out'
    (out / 'a.glb').mkdir(parents=True)
    (out / RECORD).write_text(
        '{}\n' + json.dumps({'source': str(tmp_path / 'in' / 'a.jpg'), 'stem': 'a'})
    )
    assert infer(infer.image('in'), '--out', out, save='json,glb') == 1
    told = capsys.readouterr().out
    assert 'its glb was not written' in told and '1 files in' in told
    assert (out / 'a.json').is_file()
