"""Settings that reach nothing that is built are refused, with the nearest key that does."""

from __future__ import annotations

import pytest

from mroi_plugin.cli import main
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.config_checks import check_sections
from mroi_plugin.engine.config_keys import nearest_key
from mroi_plugin.utils.config_files import find_config, list_configs
from mroi_plugin.utils.errors import UsageError

PIPELINE = 'dataset.pipeline'
NEAREST = {
    'train_dataloder.batch_size=4': 'train_dataloader.batch_size',
    'batch_size=4': 'train_dataloader.batch_size',
    'data.samples_per_gpu=4': 'train_dataloader.batch_size',
    'data_root=images': 'train_dataloader.dataset.image_dir',
    'train_pipeline.load.backend_args.backend=lmdb': (
        f'train_dataloader.{PIPELINE}.load.backend_args.backend'
    ),
    'test_pipeline.load.backend_args=None': f'test_dataloader.{PIPELINE}.load.backend_args',
    'train_pipeline.crop.crop_size=(64,64)': f'train_dataloader.{PIPELINE}.crop.crop_size',
    'optimizer.lr=1e-4': 'optim_wrapper.optimizer.lr',
    'optim_wraper.optimizer.lr=1e-4': 'optim_wrapper.optimizer.lr',
    'clip_grad=dict(max_norm=1.0)': 'optim_wrapper.clip_grad',
    'max_epochs=3': 'train_cfg.max_epochs',
    'seed=3': 'randomness.seed',
    'body.free_body=False': 'model.body_model.free_body',
    'data_preprocessor.mean=(0,0,0)': 'model.data_preprocessor.mean',
    'custom_imports.imports=[a]': 'write custom_imports into a config file',
    'xyzzy=3': 'expected one of model, train_dataloader',
}


@pytest.mark.parametrize('option', NEAREST)
def test_overrides_that_reach_nothing(option):
    with pytest.raises(UsageError) as caught:
        load_config('mroi_synthetic', 'unused', options=[option])
    message, key = str(caught.value), option.split('=')[0]
    assert message.startswith(f'--cfg-options {key}') and '\n' not in message
    assert f'{NEAREST[option]}.' in message or message.count(NEAREST[option]) == 1, message


@pytest.mark.parametrize('name', ['mroi_synthetic', 'mroi_resnet50', 'hmr_adversarial_synthetic'])
def test_every_key_of_a_config_is_nearest_to_itself(name):
    cfg = load_config(name, 'unused')
    for key in ('train_dataloader.batch_size', 'train_cfg.max_epochs', 'test_dataloader.dataset'):
        assert nearest_key(key, cfg) == key


@pytest.mark.parametrize(
    'arguments',
    [
        ['train', 'mroi_synthetic'],
        ['test', 'mroi_synthetic', 'gone.pth'],
        ['export', 'mroi_synthetic', 'gone.pth', '--out', 'x.onnx'],
        ['check-data', 'mroi_synthetic'],
    ],
    ids=lambda a: a[0],
)
def test_every_command_refuses_them_in_one_line(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, '--cfg-options', 'data_root=x'])
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert error.startswith('error: --cfg-options data_root') and error.count('\n') == 1


FILES = {
    'train_pipeline = dict(load=dict(backend_args=None))': f'train_dataloader.{PIPELINE}',
    'train_dataloder = dict(batch_size=4)': 'train_dataloader',
    'optimizer = dict(lr=1e-4)': 'optim_wrapper.optimizer',
    'a = 3\nb = a\ntrain_cfg = dict(max_epochs=3)': 'expected one of',
}


@pytest.mark.parametrize('text', FILES)
def test_config_files_that_reach_nothing(tmp_path, text):
    path = tmp_path / 'mine.py'
    path.write_text(f'_base_ = {find_config("mroi_synthetic")!r}\n{text}\n')
    with pytest.raises(UsageError, match=r'mine\.py: \w+ reaches nothing') as caught:
        load_config(str(path), 'unused')
    assert FILES[text] in str(caught.value)


def test_configs_of_other_formats_that_reach_nothing(tmp_path):
    base = find_config('mroi_synthetic')
    for name, text in {
        'mine.json': f'{{"_base_": "{base}", "train_cfg": {{"max_epochs": 3}}, "batch_size": 4}}',
        'mine.yaml': f'_base_: {base}\ntrain_cfg: {{max_epochs: 3}}\nbatch_size: 4\n',
    }.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(UsageError, match=rf'{name}: batch_size reaches .* train_dataloader'):
            load_config(str(path), 'unused')
        path.write_text(text.replace('batch_size', '_batch_size'))
        assert load_config(str(path), 'unused').train_cfg.max_epochs == 3


def test_files_that_a_config_is_built_on(tmp_path):
    """A name that the file above uses is a variable of both, another reaches nothing."""
    base = tmp_path / 'base.py'
    base.write_text(
        f'_base_ = {find_config("mroi_synthetic")!r}\n'
        'settings = dict(max_epochs=3)\n'
        'train_pipeline = dict(load=None)\n'
    )
    mine = tmp_path / 'mine.py'
    mine.write_text("_base_ = ['base.py']\ntrain_cfg = {{_base_.settings}}\n")
    with pytest.raises(UsageError, match=r'base\.py: train_pipeline reaches nothing'):
        load_config(str(mine), 'unused')
    base.write_text(base.read_text().replace('train_pipeline', '_pipeline'))
    assert load_config(str(mine), 'unused').train_cfg.max_epochs == 3
    with pytest.raises(UsageError, match=r'base\.py: settings reaches nothing'):
        load_config(str(base), 'unused')


def test_variables_that_the_file_uses_are_its_own(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(
        f'_base_ = {find_config("mroi_synthetic")!r}\n'
        'from math import pi\n'
        'epochs = int(pi)\n'
        'train_cfg = dict(max_epochs=epochs)\n'
        '_for_others = 1\n'
        'crop = dict(dataset=dict(pipeline=dict(crop=dict(crop_size=(64, 64)))))\n'
        'train_dataloader = crop\n'
        'optim_wrapper = dict(optimizer={{_base_.optim_wrapper.optimizer}})\n'
    )
    assert load_config(str(path), 'unused').train_cfg.max_epochs == 3


@pytest.mark.parametrize('name', list_configs())
def test_shipped_configs_reach_all_they_say(name, monkeypatch):
    monkeypatch.setenv('MROI_ABLATION_DATASET', 'papers')
    load_config(name, 'unused')


MISSPELT = {
    'default_hooks.check_point.interval=5': 'did you mean checkpoint?',
    'model.losses.camra.loss_weight=0.1': 'did you mean camera?',
    f'train_dataloader.{PIPELINE}.augmentation.flip_prob=0.1': 'did you mean augment?',
    'env_cfg.cudnn_benchmrk=True': 'did you mean cudnn_benchmark?',
    'env_cfg.mp_cfg.opencv_num_thread=3': 'did you mean opencv_num_threads?',
    'randomness.sed=3': 'did you mean seed?',
    'auto_scale_lr.base_batch_sizee=16': 'did you mean base_batch_size?',
    'optim_wrapper.paramwise_cfg.custom_key.head.lr_mult=3': 'did you mean custom_keys?',
}


@pytest.mark.parametrize('option', MISSPELT)
def test_entries_without_type(option):
    cfg = load_config('mroi_synthetic', 'unused', options=[option])
    with pytest.raises(ValueError, match=r'nothing would be built of it') as caught:
        check_sections(cfg)
    assert MISSPELT[option] in str(caught.value)
