"""Runs of one process that begin in the same second have nothing in common."""

from __future__ import annotations

import time

import mmengine.runner.runner
from tiny_training import write_config

from mroi_plugin import apis
from mroi_plugin.analysis.log_files import read_scalars


class StoppedClock:
    """The time module, whose time stands still."""

    def __getattr__(self, name):
        return getattr(time, name)

    def time(self):
        return 1.7e9


def test_each_run_has_its_own_log_and_scalars(in_workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(mmengine.runner.runner, 'time', StoppedClock())
    config = write_config(tmp_path)
    folders = [tmp_path / name for name in 'ab']
    runners = [apis.train(config, str(folder)) for folder in folders]
    apis.test(config, str(folders[0] / 'epoch_1.pth'), work_dir=str(tmp_path / 'c'))
    assert runners[0].message_hub is not runners[1].message_hub
    for folder in folders:
        steps = [values['step'] for values in read_scalars(folder) if 'loss' in values]
        assert steps == [1, 2, 3, 4]
    assert [path.name for path in (tmp_path / 'c').glob('*/*.json')] == [
        f'{runners[0].timestamp}.json'
    ]
