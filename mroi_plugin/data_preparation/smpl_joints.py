"""Joints of SMPL parameters, each person with the body of their gender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from mroi_plugin.datasets.annotation_columns import dictionary, require_keys
from mroi_plugin.datasets.person_columns import smpl_columns, table_genders
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.models.body_models.genders import GENDER_NAMES
from mroi_plugin.models.body_models.smpl import body_digest, rest_pelvis
from mroi_plugin.utils.progress import track

_BATCH = 128


@dataclass(frozen=True)
class Poses:
    """SMPL parameters of N persons in the frame of the camera.

    Args:
        global_orient: (N, 3) axis-angle.
        body_pose: (N, 23, 3) axis-angle.
        betas: (N, 10).
        transl: (N, 3) meters, NaN where unknown.
        known: (N) whether the person has parameters at all; they are 0 where not.
        genders: (N) 0 male, 1 female, -1 neutral.
    """

    global_orient: np.ndarray
    body_pose: np.ndarray
    betas: np.ndarray
    transl: np.ndarray
    known: np.ndarray
    genders: np.ndarray


def read_poses(path: str, table: Mapping[str, Any]) -> Poses:
    """SMPL parameters of a HumanData table whose columns are checked.

    Raises:
        AnnotationError: for missing keys.
    """
    count, needed = len(table['image_path']), ('body_pose', 'global_orient', 'betas')
    require_keys(path, table, ('smpl',), 'Completing needs SMPL parameters.')
    require_keys(f'{path}: smpl', dictionary(path, table, 'smpl'), needed, 'See mmhuman3d.')
    columns = smpl_columns(table, count)
    known = columns['has_smpl'] > 0
    values = {name: columns[f'smpl_{name}'] for name in needed}
    for value in values.values():
        value[~known] = 0
    transl = np.where(columns['has_transl'][:, None] > 0, columns['smpl_transl'], np.nan)
    return Poses(**values, transl=transl, known=known, genders=table_genders(path, table))


class AnnotationBodies:
    """The bodies of a folder, which annotated SMPL parameters are posed with.

    Args:
        model_path: folder of the licensed files.
        free_body: use the free body, the same for every gender, where there are none.
    """

    def __init__(self, model_path: str, free_body: bool) -> None:
        self._bodies = GenderedBodies(
            {'type': 'SMPLBody', 'model_path': model_path, 'free_body': free_body}
        )

    def _of(self, gender: int) -> nn.Module:
        try:
            return self._bodies.get(GENDER_NAMES[gender], torch.device('cpu'))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'{error} Give their folder with --body-model, or use the free body with '
                '--free-body.'
            ) from error

    def digest(self) -> str | None:
        """Fingerprint of the neutral body, None if the folder has none.

        It stands for all bodies of the folder: `MultiRoIHumanDataset` compares its own with it.
        """
        try:
            return body_digest(self._of(-1))
        except FileNotFoundError:
            return None

    def joints(self, poses: Poses, quiet: bool = True) -> np.ndarray:
        """Joints (N, 54, 3) of 'smpl_54', meters, camera axes, without translation."""
        out = np.zeros((len(poses.known), 54, 3))
        batches = list(_batches(poses.genders))
        for gender, rows in track(batches, 'SMPL joints', len(batches), quiet):
            out[rows] = _joints(self._of(gender), poses, rows)
        return out

    def rest_pelvis(self, poses: Poses) -> np.ndarray:
        """``J0(beta)`` of every person, (N, 3) meters: what SMPL turns about."""
        out = np.zeros((len(poses.known), 3))
        for gender in np.unique(poses.genders):
            rows = poses.genders == gender
            out[rows] = rest_pelvis(self._of(int(gender)), poses.betas[rows])
        return out


def _batches(genders: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    for gender in np.unique(genders):
        rows = np.flatnonzero(genders == gender)
        for start in range(0, len(rows), _BATCH):
            yield int(gender), rows[start : start + _BATCH]


@torch.no_grad()
def _joints(body: nn.Module, poses: Poses, rows: np.ndarray) -> np.ndarray:
    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values[rows].reshape(len(rows), -1)).float()

    output = body(
        betas=tensor(poses.betas),
        body_pose=tensor(poses.body_pose),
        global_orient=tensor(poses.global_orient),
        transl=torch.zeros(len(rows), 3),
        return_verts=False,
    )
    return output['joints'].double().numpy()
