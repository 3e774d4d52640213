"""What the tests share: the repository's root, a small synthetic data set on disk, and a model
that was never trained."""

from __future__ import annotations

import os
from pathlib import Path

# One thread for every process that tests, or is started by a test: they share the cores. OpenMP
# reads it when torch is imported.
os.environ.setdefault('OMP_NUM_THREADS', '1')

import numpy as np
import pytest
import torch
from drawn_weights import save_weights
from locations import ROOT
from small_disk import mounted

from mroi_plugin.apis.inferencer import Inferencer
from mroi_plugin.datasets.annotation_file import read_human_data, select, write_human_data
from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import MODELS


@pytest.fixture(scope='session')
def repo() -> Path:
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope='session')
def workspace(tmp_path_factory) -> Path:
    """A folder with ``data/synthetic`` in it: 32 persons to train on, 8 to test on, real JPEG
    files, one person of each."""
    from synthetic_humans.build import build_synthetic_data

    folder = tmp_path_factory.mktemp('workspace')
    root = folder / 'data' / 'synthetic'
    build_synthetic_data(root, train=38, test=10, jobs=1, quiet=True)
    for split, count in (('train', 32), ('test', 8)):
        path = str(root / 'preprocessed_datasets' / f'synthetic_{split}.npz')
        table = read_human_data(path)
        first = np.unique(table['image_path'], return_index=True)[1][:count]
        write_human_data(path, select(table, np.isin(np.arange(len(table['image_path'])), first)))
    return folder


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    with mounted(tmp_path / 'disk') as disk:
        yield disk


@pytest.fixture
def in_workspace(workspace, monkeypatch) -> Path:
    """The same, as the working directory, so that configs find their data."""
    monkeypatch.chdir(workspace)
    return workspace


@pytest.fixture(scope='session')
def config(repo):
    return str(repo / 'configs' / 'mroi' / 'mroi_synthetic.py')


@pytest.fixture(scope='session')
def checkpoint(config, tmp_path_factory):
    """Weights as they are drawn, the last layers made to matter."""
    torch.manual_seed(0)
    model = MODELS.build(load_config(config, 'unused').model)
    return save_weights(model, tmp_path_factory.mktemp('weights') / 'model.pth')


@pytest.fixture(scope='session')
def inferencer(config, checkpoint):
    return Inferencer(config, checkpoint, 'cpu', keep_images=True)


class People:
    """Test persons of the embedded data: image, box, camera."""

    def __init__(self, workspace: Path) -> None:
        root = workspace / 'data' / 'synthetic'
        file = root / 'preprocessed_datasets' / 'synthetic_test.npz'
        self.annotations = read_annotations(str(file), 'smpl_54')
        self.folder = root / 'datasets' / 'synthetic'

    def __len__(self) -> int:
        return len(self.annotations)

    def path(self, i: int) -> str:
        return str(self.folder / self.annotations.image_paths[i])

    def box(self, i: int) -> np.ndarray:
        row = self.annotations.row(i)
        return np.r_[row['box_center'] - row['box_size'] / 2, row['box_size']]

    def matrix(self, i: int) -> np.ndarray:
        row = self.annotations.row(i)
        (cx, cy), f = row['principal_point'], row['focal_length']
        return np.array([[f, 0, cx], [0, f, cy], [0, 0, 1]])


@pytest.fixture(scope='session')
def people(workspace):
    return People(workspace)
