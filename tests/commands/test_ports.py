"""A port that no page can have is refused before anything is loaded."""

from __future__ import annotations

import pytest

from mroi_plugin.cli import main


@pytest.mark.parametrize('port', ['0', '-1', '65536', '80.5', 'http'])
@pytest.mark.parametrize('command', [['view', 'a.npz'], ['demo']])
def test_senseless_ports_are_refused(command, port, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*command, f'--port={port}'])
    told = capsys.readouterr().err
    assert stop.value.code == 2 and 'expected a number from 1 to 65535' in told
    assert f"'{port}'" in told
