"""Devices that are not there end in one line."""

from __future__ import annotations

import pytest
import torch
from mmengine.device import get_device

from mroi_plugin.cli import main
from mroi_plugin.engine.device import choose_device


def test_devices_that_are_there():
    assert choose_device('cpu') == 'cpu' and choose_device('auto') == get_device()


@pytest.mark.parametrize('name', ['banana', 'cuda:99', '', 'meta', 'cpu:', 'cuda'])
def test_others_are_refused_before_anything_is_read(name, tmp_path, capsys):
    if name == 'cuda' and torch.cuda.is_available():
        pytest.skip('there is one')
    with pytest.raises(SystemExit) as stopped:
        main(['infer', 'gone.jpg', '--out', str(tmp_path), '--device', name])
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and error.count('\n') == 1
    assert error.startswith(f'error: device {name!r}: torch cannot compute') and 'cpu' in error
