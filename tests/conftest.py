"""What the tests share: the repository's root and a small synthetic data set on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from locations import ROOT


@pytest.fixture(scope='session', autouse=True)
def one_thread():
    """Two test processes share two cores."""
    torch.set_num_threads(1)


@pytest.fixture(scope='session')
def repo() -> Path:
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope='session')
def workspace(tmp_path_factory) -> Path:
    """A folder with ``data/synthetic`` in it: 32 persons to train on, 8 to test on, real JPEG
    files."""
    from mroi_plugin.datasets.synthetic import build_synthetic_data

    folder = tmp_path_factory.mktemp('workspace')
    build_synthetic_data(folder / 'data' / 'synthetic', train=32, test=8, jobs=1, quiet=True)
    return folder


@pytest.fixture
def in_workspace(workspace, monkeypatch) -> Path:
    """The same, as the working directory, so that configs find their data."""
    monkeypatch.chdir(workspace)
    return workspace
