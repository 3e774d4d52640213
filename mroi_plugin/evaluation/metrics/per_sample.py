"""One row per test person: its errors, and what may explain them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from mmengine.dist import all_gather_object
from torch import Tensor

H36M_ACTION = re.compile(r'S\d+_(?P<action>[A-Za-z]+)[ _]?\d*\.\d{8}')


class PerSample:
    """Rows of all persons that were seen; small, for no mesh is kept.

    Args:
        joint_names: of the errors per joint, J.
    """

    def __init__(self, joint_names: Sequence[str]) -> None:
        self.joint_names = tuple(joint_names)
        self._parts: list[dict[str, np.ndarray]] = []

    def add(self, batch: Mapping[str, Any], errors: Mapping[str, Tensor]) -> None:
        """Add a batch.

        Args:
            batch: collated samples.
            errors: (N) each, NaN where unknown, and ``joints`` (N, J).
        """
        columns = {name: _numbers(v) for name, v in errors.items() if name != 'joints'}
        if 'joints' in errors:
            per_joint = _numbers(errors['joints'])
            columns.update(
                {f'joint/{name}': per_joint[:, j] for j, name in enumerate(self.joint_names)}
            )
        self._parts.append({**_circumstances(batch), **columns})

    def table(self) -> pd.DataFrame:
        """All rows of all ranks in the order of the data set, each person once; then empty."""
        frame = pd.concat([pd.DataFrame(part) for part in self._parts] or [pd.DataFrame()])
        self._parts = []
        frame = pd.concat(all_gather_object(frame))
        if 'sample_idx' not in frame:
            return frame.reset_index(drop=True)
        return frame.drop_duplicates('sample_idx').sort_values('sample_idx', ignore_index=True)


def _numbers(values: Any) -> np.ndarray:
    return torch.as_tensor(values).detach().cpu().double().numpy()


def _circumstances(batch: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Columns that describe the samples: place in the image, depth, action."""
    columns: dict[str, Any] = {}
    if 'sample_idx' in batch:
        columns['sample_idx'] = _numbers(batch['sample_idx']).astype(int)
    if 'image_path' in batch:
        columns['image_path'] = list(batch['image_path'])
        columns['action'] = [action_of(path) for path in batch['image_path']]
    if 'rois' in batch:
        columns['num_rois'] = np.full(len(batch['rois']), batch['rois'].shape[1])
    if all(name in batch for name in ('rois', 'img_size', 'principal_point', 'img')):
        columns.update(_place(batch))
    if 'smpl_transl' in batch and 'has_transl' in batch:
        depth = _numbers(batch['smpl_transl'])[:, 2]
        columns['depth_m'] = np.where(_numbers(batch['has_transl']) > 0, depth, np.nan)
    return columns


def _place(batch: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """``offset``: distance of RoI 0 from the principal point, in diagonals of the image;
    ``truncation``: the share of RoI 0 that lies beyond the image."""
    rois, size, center = (_numbers(batch[k]) for k in ('rois', 'img_size', 'principal_point'))
    height, width = batch['img'].shape[-2:]
    sides = rois[:, 0, 2:] * np.array([width, height]) / max(width, height)
    middle = rois[:, 0, :2] + center
    low, high = np.maximum(middle - sides / 2, 0), np.minimum(middle + sides / 2, size)
    shown = (high - low).clip(0).prod(1) / sides.prod(1)
    offset = np.linalg.norm(rois[:, 0, :2], axis=1) / np.linalg.norm(size, axis=1)
    return {'offset': offset, 'truncation': 1 - shown, 'box_px': rois[:, 0, 2]}


def action_of(path: str) -> str:
    """*Walking* of Human3.6M's ``S9_Walking_1.54138969_000001.jpg``; empty for other images."""
    found = H36M_ACTION.search(path)
    return found['action'] if found else ''
