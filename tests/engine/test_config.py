"""Overrides of the command line: schedules follow the length, loaders need no second option."""

from __future__ import annotations

import json

import pytest
from tiny_training import CONFIG, write_config

from mroi_plugin.apis.train import train
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.config_checks import check_sections
from mroi_plugin.registry import DATASETS
from mroi_plugin.utils.config_files import find_config, list_configs, parse_options
from mroi_plugin.utils.errors import UsageError

EXPLICIT = """
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=1, eta_min=1e-5, convert_to_iter_based=True)
]
"""
FOLLOWING = EXPLICIT.replace('T_max=1, ', '')


@pytest.mark.parametrize('schedule', [EXPLICIT, FOLLOWING], ids=['T_max', 'none'])
@pytest.mark.parametrize('way', ['--epochs', '--cfg-options', 'config file'])
def test_the_learning_rate_falls_until_the_end(in_workspace, tmp_path, schedule, way):
    """Three epochs of four steps, however their number is said."""
    if way == 'config file' and schedule is EXPLICIT:
        path = write_config(tmp_path, CONFIG + EXPLICIT + 'train_cfg = dict(max_epochs=3)\n')
        with pytest.raises(ValueError, match=r'param_scheduler\.0\.T_max=1: expected 3, .*leave'):
            check_sections(load_config(path, 'unused'))
        return
    more = 'train_cfg = dict(max_epochs=3)\n' if way == 'config file' else ''
    path = write_config(tmp_path, CONFIG + schedule + more)
    train(
        path,
        str(tmp_path / 'run'),
        options=['train_cfg.max_epochs=3'] if way == '--cfg-options' else [],
        epochs=3 if way == '--epochs' else None,
    )
    (file,) = (tmp_path / 'run').rglob('scalars.json')
    rates = [json.loads(line)['lr'] for line in file.read_text().splitlines()]
    assert len(rates) == 12 and rates[0] == pytest.approx(2e-3, rel=0.01)
    assert all(a > b for a, b in zip(rates, rates[1:])) and rates[-1] < 0.03 * rates[0]


@pytest.mark.parametrize('option', ['train_cfg.max_epochs=10', 'train_cfg=dict(max_epochs=10)'])
def test_what_counts_epochs_keeps_its_share(tmp_path, option):
    path = tmp_path / 'steps.py'
    path.write_text(
        f'_base_ = {find_config("mroi_synthetic")!r}\n'
        'train_cfg = dict(max_epochs=20, val_interval=5)\n'
        "param_scheduler = [dict(type='LinearLR', end=2), dict(type='LinearLR', by_epoch=False,"
        " end=50), dict(type='MultiStepLR', milestones=[10, 16], begin=2),"
        " dict(type='StepLR', step_size=4)]\n"
    )
    cfg = load_config(str(path), 'unused', options=[option])
    linear, warmup, several, step = cfg.param_scheduler
    assert (linear.end, warmup.end, step.step_size) == (1, 50, 2)
    assert (several.milestones, several.begin) == ([5, 8], 1)
    assert (cfg.train_cfg.max_epochs, cfg.train_cfg.val_interval) == (10, 5)


def test_what_is_said_of_the_schedule_stays():
    options = ['train_cfg.max_epochs=30', 'param_scheduler.1.T_max=40']
    cfg = load_config('mroi_synthetic', 'unused', options=options)
    assert cfg.param_scheduler[1].T_max == 40 and cfg.train_cfg.val_interval == 30


@pytest.mark.parametrize('name', list_configs())
def test_every_shipped_schedule_is_as_long_as_its_training(name, monkeypatch):
    monkeypatch.setenv('MROI_ABLATION_DATASET', 'embedded')
    check_sections(load_config(name, 'unused'))
    check_sections(load_config(name, 'unused', options=['train_cfg.max_epochs=99']))


def test_no_worker_processes_is_one_option(in_workspace):
    from mmengine.runner import Runner

    from mroi_plugin.engine.model_builder import plugin_scope

    options = ['train_dataloader.num_workers=0', 'train_dataloader.prefetch_factor=4']
    cfg = load_config('mroi_synthetic', 'unused', options=options)
    with plugin_scope():
        loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    assert loader.num_workers == 0 and len(next(iter(loader))['img']) == 32
    assert cfg.val_dataloader.persistent_workers  # which has processes
    assert isinstance(loader.dataset, DATASETS.get('MultiRoIHumanDataset'))


VALUES = {
    'dict(max_norm=1.0)': {'max_norm': 1.0},
    "dict(backend='lmdb', db_path='a b')": {'backend': 'lmdb', 'db_path': 'a b'},
    '{"a": (1, 2), "b": None}': {'a': (1, 2), 'b': None},
    "[dict(type='X', sizes=[1, 2])]": [{'type': 'X', 'sizes': [1, 2]}],
    '/my images/a.pth': '/my images/a.pth',
    "'text'": 'text',
    '1e-3': 1e-3,
    '(72,96)': (72, 96),
    'a,b': ['a', 'b'],
    '': '',
}


@pytest.mark.parametrize('text', VALUES)
def test_values_of_options(text):
    assert parse_options([f'key={text}']) == {'key': VALUES[text]}


@pytest.mark.parametrize('text', ['dict(a=b)', 'dict(a', 'f(1,2)', '[1,2', 'dict(a=open("x"))'])
def test_values_that_are_none(text):
    with pytest.raises(UsageError, match=r'--cfg-options .*: no value.*; expected a number'):
        parse_options([f'key={text}'])


def test_configs_of_other_packages_are_named_by_their_path(tmp_path):
    mine = tmp_path / 'mine.py'
    mine.write_text("_base_ = ['mroi_plugin::mroi/mroi_synthetic.py']\n")
    above = tmp_path / 'above.py'
    above.write_text("_base_ = ['mine.py']\n")
    for path in (mine, above):
        with pytest.raises(
            UsageError, match=rf'{path.name}.*PACKAGE::CONFIG.*mroi configs --paths'
        ):
            load_config(str(path))


def test_an_earlier_training_is_not_written_over_in_silence(in_workspace, tmp_path):
    config, work = write_config(tmp_path), tmp_path / 'work'
    work.mkdir()
    (work / 'epoch_7.pth').write_bytes(b'of before')
    (work / 'last_checkpoint').write_text(str(work / 'epoch_7.pth'))
    with pytest.warns(UserWarning, match='work has checkpoints of an earlier.*--resume'):
        train(config, str(work))


@pytest.mark.parametrize(
    'given',
    [
        "pipeline.truncate=dict(type='RandomTruncation', prob=0.3)",
        "pipeline=dict(truncate=dict(type='RandomTruncation', prob=0.3))",
        "pipeline.truncate=dict(_delete_=True, type='RandomTruncation', prob=0.3)",
    ],
)
def test_an_override_puts_a_dictionary_where_there_is_none(given):
    cfg = load_config('mroi_synthetic', 'unused', options=[f'train_dataloader.dataset.{given}'])
    pipeline = cfg.train_dataloader.dataset.pipeline.to_dict()
    assert pipeline['truncate'] == {'type': 'RandomTruncation', 'prob': 0.3}
    assert pipeline['load']['type'] == 'LoadImage'


def test_an_override_within_nothing_and_within_a_number():
    options = ['param_scheduler.0.T_max=7', 'optim_wrapper.clip_grad.max_norm=2.0']
    cfg = load_config('mroi_synthetic', 'unused', options=options)
    assert cfg.param_scheduler[0].T_max == 7 and cfg.optim_wrapper.clip_grad.max_norm == 2.0
    with pytest.raises(UsageError, match=r'train_cfg\.max_epochs is \d+, which has no entries'):
        load_config('mroi_synthetic', 'unused', options=['train_cfg.max_epochs.x=1'])


def test_a_file_that_puts_a_dictionary_where_there_is_none_is_told_how(tmp_path):
    step = "dict(type='RandomTruncation', prob=0.3)"
    text = 'train_dataloader = dict(dataset=dict(pipeline=dict(truncate={})))\n'
    base = f'_base_ = {find_config("mroi_synthetic")!r}\n'
    path = tmp_path / 'mine.py'
    path.write_text(base + text.format(step))
    told = r'mine\.py.*truncate is a dictionary.*NoneType.*truncate=dict\(_delete_=True'
    with pytest.raises(UsageError, match=told):
        load_config(str(path), 'unused')
    path.write_text(base + text.format(step.replace('(', '(_delete_=True, ')))
    assert load_config(str(path), 'unused').train_dataloader.dataset.pipeline.truncate.prob == 0.3
