"""Options that a class does not take, or lacks, are told by their keys, with the nearest it has."""

from __future__ import annotations

import re
import sys

import pytest
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mroi_plugin.apis.train import train
from mroi_plugin.cli import main
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import load_model
from mroi_plugin.engine.wrong_options import explain_option
from mroi_plugin.utils.config_files import find_config

BASE = find_config('mroi_synthetic')
LINES = {
    'train_dataloader = dict(batch_siz=4)': (
        r"train_dataloader.batch_siz: DataLoader has no option 'batch_siz'; did you mean "
        r'batch_size\?'
    ),
    'train_cfg = dict(max_epoch=3)': (
        r'train_cfg.max_epoch: EpochBasedTrainLoop has .*; did you mean max_epochs\?'
    ),
    'optim_wrapper = dict(optimizer=dict(weight_decai=0.1))': (
        r'optim_wrapper.optimizer.weight_decai: Adam has .*; did you mean weight_decay\?'
    ),
    'model = dict(head=dict(num_roi=5))': (
        r'model.head.num_roi: RoIAwareFusionHead has .*; did you mean num_rois\?'
    ),
    'model = dict(losses=dict(camera=dict(xyz=5)))': (
        r"model.losses.camera.xyz: CameraConsistencyLoss has no option 'xyz'; it takes .*pairs.*\."
    ),
    'default_hooks = dict(logger=dict(intervals=3))': (
        r'default_hooks.logger.intervals: LoggerHook has .*; did you mean interval\?'
    ),
    "custom_hooks = [dict(type='EMAHook', momentun=0.1)]": (
        r'custom_hooks.0.momentun: ExponentialMovingAverage has .*; did you mean momentum\?'
    ),
    "custom_hooks = [dict(type='IterTimerHook', every=1)]": (
        r'custom_hooks.0.every: IterTimerHook has .*every'
    ),
    "val_evaluator = dict(type='mmengine.DumpResults', _delete_=True)": (
        r"val_evaluator \(DumpResults\) lacks 'out_file_path'\."
    ),
    "param_scheduler = [dict(type='StepLR', by_epoch=True)]": (
        r"param_scheduler.0 \(StepLR\) lacks 'step_size'\."
    ),
    'model = dict(backbone=dict(num_rois=5))': (
        r"model.backbone.num_rois: ResNet has no option 'num_rois'; it takes "
    ),
    'model = dict(head=dict(fusion=dict(scor=5)))': (
        r'model.head.fusion.scor: RoIAwareFusion has no option .*; did you mean score\?'
    ),
}
"""Lines of a config, and what is said of them."""
NEED_NAMES = {line for line in LINES if 'StepLR' in line or 'scor=' in line}
"""Those of which Python must say which class refused them, as it does from 3.10 on."""


def mine(folder, line):
    """A config of that line on top of a shipped one."""
    path = folder / 'mine.py'
    path.write_text(f'_base_ = {BASE!r}\n{line}\n')
    return str(path)


@pytest.mark.parametrize('line', LINES)
def test_trainings(line, tmp_path, in_workspace, capsys):
    if line in NEED_NAMES and sys.version_info < (3, 10):
        pytest.skip('Python 3.9 does not name the class')
    config = mine(tmp_path, line)
    with pytest.raises(SystemExit) as ended:
        main(['train', config, '--work-dir', str(tmp_path / 'w'), '--epochs', '1'])
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert ended.value.code == 2
    assert re.match(f'error: {re.escape(config)}: {LINES[line]}', told), told


def test_models_and_data_of_other_commands(tmp_path, in_workspace, capsys):
    config = mine(tmp_path, 'model = dict(head=dict(num_roi=5))')
    with pytest.raises(ValueError, match=r'mine.py: model.head.num_roi: .*did you mean num_rois\?'):
        load_model(load_config(config), 'gone.pth')
    load = 'pipeline=dict(load=dict(max_pixel=64))'
    config = mine(tmp_path, f'train_dataloader = dict(dataset=dict({load}))')
    with pytest.raises(SystemExit) as ended:
        main(['check-data', config, '--out', str(tmp_path / 'c')])
    assert ended.value.code == 2
    assert 'pipeline.load.max_pixel: LoadImage has' in capsys.readouterr().err


class Recorder(Hook):
    """A hook that makes something of its own in the wrong way."""

    def __init__(self, **options):
        self.part = Part(**options) if options else None

    def before_train(self, runner):
        Part(lr=3)


class Part:
    """Takes a rate."""

    def __init__(self, rate):
        self.rate = rate


def test_errors_of_code_are_told_as_they_are(tmp_path, in_workspace):
    """Names that the config has elsewhere are no options of a class that was not given them."""
    HOOKS.register_module(module=Recorder, force=True)
    config = mine(tmp_path, "custom_hooks = [dict(type='Recorder')]")
    try:
        with pytest.raises(TypeError, match=r"unexpected keyword argument 'lr'"):
            train(config, str(tmp_path / 'w'), epochs=1)
    finally:
        HOOKS.module_dict.pop('Recorder')


def test_other_errors_are_left_alone():
    assert (
        explain_option(TypeError("unsupported operand type(s) for +: 'int' and 'str'"), {}) is None
    )
