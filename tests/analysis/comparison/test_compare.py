"""Trainings that a comparison finds are those of its own settings."""

from __future__ import annotations

import os

import pytest
from tiny_training import write_config

from mroi_plugin.analysis.comparison import compare as comparison
from mroi_plugin.apis.train import train_once
from mroi_plugin.utils.config_files import config_name
from mroi_plugin.utils.errors import UsageError

RATE = 'optim_wrapper.optimizer.lr=1e-3'


@pytest.fixture
def trained(in_workspace, tmp_path):
    """Config, folder and checkpoint of a training of one epoch."""
    config = write_config(tmp_path)
    out = str(tmp_path / 'out')
    work_dir = os.path.join(out, 'training', config_name(config))
    return config, out, train_once(config, work_dir, epochs=1)


def test_other_options_epochs_or_config_files_are_refused(trained, tmp_path):
    config, out, _ = trained
    with pytest.raises(UsageError, match=r'optimizer\.lr\): .*, now 0.001\. Use another'):
        comparison.compare([config], out, epochs=1, options=[RATE])
    with pytest.raises(UsageError, match=r'train_cfg\.max_epochs'):
        comparison.compare([config], out, epochs=2)
    with open(config, 'a') as file:
        file.write('\noptim_wrapper = dict(optimizer=dict(lr=0.5))\n')
    with pytest.raises(UsageError, match=r'optimizer\.lr\): .*, now 0.5'):
        comparison.compare([config], out, epochs=1)


def test_what_is_trained_is_not_trained_again(trained, tmp_path):
    config, out, checkpoint = trained
    before = os.stat(checkpoint).st_mtime_ns
    results = comparison.compare([config], out, epochs=1)
    assert os.stat(checkpoint).st_mtime_ns == before
    assert results[config_name(config)]['checkpoint'] == checkpoint
    assert (tmp_path / 'out' / 'comparison.json').is_file()
