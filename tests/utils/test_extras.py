"""A missing package is told with the extra that has it."""

from __future__ import annotations

import sys

import pytest

from mroi_plugin.cli import main


@pytest.mark.parametrize(
    ('arguments', 'package', 'extra'),
    [(['view', 'a.npz'], 'viser', 'viewer'), (['demo'], 'gradio', 'demo')],
)
def test_a_missing_package_is_one_line(monkeypatch, capsys, arguments, package, extra):
    monkeypatch.setitem(sys.modules, package, None)  # which makes its import fail
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    told = capsys.readouterr().err
    assert stop.value.code == 2 and told.count('\n') == 1
    assert f'It is the extra "{extra}" of this package: pip install {package}' in told
