"""Good input to spoil: annotations, images, checkpoints and a config in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from locations import ROOT
from mmengine.config import Config

from mroi_plugin import apis
from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.registry import MODELS

CONFIG = ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py'
ANNOTATIONS = Path('data/synthetic/preprocessed_datasets/synthetic_test.npz')
IMAGES = Path('data/synthetic/datasets/synthetic')


@dataclass
class Scene:
    """One case's own folder, and the shared data that it reads.

    Args:
        folder: empty, to write to.
        data: folder that holds ``data/synthetic``; never written to.
    """

    folder: Path
    data: Path

    # Annotations and images ----------------------------------------------------------------------

    def annotations(self) -> dict[str, Any]:
        """Entries of a good HumanData file of 8 persons."""
        with np.load(self.data / ANNOTATIONS, allow_pickle=True) as file:
            return {k: v.item() if v.ndim == 0 else v for k, v in file.items()}

    def dataset(self, images: Path | None = None, **columns: Any) -> MultiRoIHumanDataset:
        """The test set, with columns put in place of its own; one that is None is left out."""
        content = {**self.annotations(), **columns}
        path = self.folder / 'test.npz'
        np.savez(path, **{k: _storable(v) for k, v in content.items() if v is not None})
        return self.read(path, images)

    def read(self, path: Path, images: Path | None = None, **options: Any) -> MultiRoIHumanDataset:
        """A data set of some annotation file, with the pipeline of the test set."""
        cfg = Config.fromfile(CONFIG)
        image_dir = str(images or self.data / IMAGES)
        return MultiRoIHumanDataset(
            str(path), image_dir, cfg.test_dataloader.dataset.pipeline, **options
        )

    def image(self, content: bytes | None, name: str = 'bad.jpg') -> Any:
        """The first sample of a data set whose images are this file; None: there is none."""
        if content is not None:
            (self.folder / name).write_bytes(content)
        columns = {'image_path': np.array([name] * 8), 'cam_param': None, 'image_width': None}
        return self.dataset(self.folder, **columns)[0]

    def good_image(self) -> bytes:
        """A JPEG file."""
        return sorted((self.data / IMAGES / 'test').rglob('*.jpg'))[0].read_bytes()

    # Models --------------------------------------------------------------------------------------

    def model(self, **head: Any) -> torch.nn.Module:
        """The network of the embedded config, thin."""
        cfg = Config.fromfile(CONFIG).model
        cfg.backbone.update(base_channels=8, stem_channels=8)
        cfg.head.update({'in_channels': 64, **head})
        cfg.head.decoder.hidden_channels = (16, 16)
        return MODELS.build(cfg)

    def save(self, content: Any, name: str = 'a.pth') -> str:
        """A file of ``torch.save``; returns its path."""
        torch.save(content, self.folder / name)
        return str(self.folder / name)

    def write(self, content: bytes | str, name: str = 'a.pth') -> str:
        """A file; returns its path."""
        content = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    # Configs -------------------------------------------------------------------------------------

    def train(self, *options: str, config: str | None = None, **more: Any) -> None:
        """Start a training; the case fails before its first step."""
        work_dir = str(self.folder / 'run')
        apis.train(config or str(CONFIG), work_dir, options=options, **more)


def _storable(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else np.array(value, dtype=object)
