"""A page about two runs."""

from __future__ import annotations

import pytest
from report_runs import make_run

from mroi_plugin.cli import main


@pytest.fixture(scope='session')
def page(tmp_path_factory):
    root = tmp_path_factory.mktemp('runs')
    runs = [str(make_run(root, seed)) for seed in range(2)]
    out = root / 'report.html'
    assert main(['report', *runs, '--out', str(out)]) == 0
    return out
