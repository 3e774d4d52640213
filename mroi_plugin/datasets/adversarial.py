"""Persons beside poses that a discriminator takes for real."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import Dataset

from mroi_plugin.datasets.annotations import read_poses
from mroi_plugin.registry import DATASETS, register


@register(DATASETS)
class AdversarialHumanDataset(Dataset):
    """Adds SMPL parameters of a randomly drawn person to every sample (HMR Sec. 3.3).

    Args:
        dataset: config of the training set, `MultiRoIHumanDataset`.
        prior_file: HumanData ``.npz`` with SMPL parameters, e.g. of AMASS.

    Raises:
        FileNotFoundError: if ``prior_file`` is missing.
        ValueError: if it holds no SMPL parameters.
    """

    def __init__(self, dataset: dict[str, Any], prior_file: str) -> None:
        self.dataset = DATASETS.build(dataset)
        self.prior = {
            name: torch.as_tensor(array, dtype=torch.float32).flatten(1)
            for name, array in read_poses(prior_file).items()
        }

    def __len__(self) -> int:
        return len(self.dataset)

    def set_epoch(self, epoch: int, seed: int = 0) -> None:
        """See `MultiRoIHumanDataset.set_epoch`."""
        self.dataset.set_epoch(epoch, seed)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The sample with ``adv_smpl_transl`` (3), ``_global_orient`` (3), ``_body_pose`` (69)
        axis-angle and ``_betas`` (10)."""
        drawn = int(self.dataset.rng(int(index), stream=1).integers(len(self.prior['smpl_betas'])))
        real = {f'adv_{name}': values[drawn] for name, values in self.prior.items()}
        return {**self.dataset[index], **real}
