"""A model that was never trained, and the embedded photos with their truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.engine import load_config
from mroi_plugin.inference import MultiRoIInferencer
from mroi_plugin.registry import MODELS


@pytest.fixture(scope='session')
def config(repo):
    return str(repo / 'configs' / 'mroi_synthetic.py')


@pytest.fixture(scope='session')
def checkpoint(config, tmp_path_factory):
    """Weights as they are drawn, the last layers made to matter."""
    torch.manual_seed(0)
    model = MODELS.build(load_config(config, 'unused').model)
    for parameter in model.head.parameters():
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    path = tmp_path_factory.mktemp('weights') / 'model.pth'
    torch.save(model.state_dict(), path)
    return str(path)


@pytest.fixture(scope='session')
def inferencer(config, checkpoint):
    return MultiRoIInferencer(config, checkpoint, 'cpu', keep_images=True)


class People:
    """Test persons of the embedded data: photo, box, camera."""

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
        return np.r_[row['box_centre'] - row['box_size'] / 2, row['box_size']]

    def matrix(self, i: int) -> np.ndarray:
        row = self.annotations.row(i)
        (cx, cy), f = row['principal_point'], row['focal_length']
        return np.array([[f, 0, cx], [0, f, cy], [0, 0, 1]])


@pytest.fixture(scope='session')
def people(workspace):
    return People(workspace)
