"""Joints of SMPL parameters, each person with the body of their gender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from mroi_plugin.annotation_tools.columns import column, require_keys
from mroi_plugin.annotation_tools.left_right import CONVENTION
from mroi_plugin.annotation_tools.problems import AnnotationError
from mroi_plugin.body_models import SMPLBody, body_digest
from mroi_plugin.datasets.annotations import GENDER_NAMES, GENDERS
from mroi_plugin.progress import track

_BATCH = 128


@dataclass(frozen=True)
class Poses:
    """SMPL parameters of N persons in the frame of the camera.

    Args:
        global_orient: (N, 3) axis-angle.
        body_pose: (N, 23, 3) axis-angle.
        betas: (N, 10).
        transl: (N, 3) metres, NaN where unknown.
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
    """SMPL parameters of a HumanData table.

    Raises:
        AnnotationError: for missing keys or wrong lengths.
    """
    count = len(table['image_path'])
    require_keys(path, table, ('smpl',), 'Completing needs SMPL parameters.')
    given = table['smpl']
    if not isinstance(given, dict):
        raise AnnotationError(f'{path}: smpl is {type(given).__name__}, expected a dictionary.')
    require_keys(f'{path}: smpl', given, ('body_pose', 'global_orient', 'betas'), 'See mmhuman3d.')
    betas = np.asarray(given['betas'])
    betas = betas[:, :10] if betas.ndim == 2 else betas
    values = {
        'global_orient': column(path, 'smpl.global_orient', given['global_orient'], count, (3,)),
        'body_pose': column(path, 'smpl.body_pose', given['body_pose'], count, (23, 3)),
        'betas': column(path, 'smpl.betas', betas, count, (10,)),
    }
    known = np.ones(count, bool)
    if 'has_smpl' in table:
        known &= column(path, 'has_smpl', table['has_smpl'], count, ()) > 0
    for value in values.values():
        known &= np.isfinite(value.reshape(count, -1)).all(1)
    for value in values.values():
        value[~known] = 0
    transl = np.full((count, 3), np.nan)
    if 'transl' in given:
        transl = column(path, 'smpl.transl', given['transl'], count, (3,))
    return Poses(**values, transl=transl, known=known, genders=_genders(path, table, count))


def _genders(path: str, table: Mapping[str, Any], count: int) -> np.ndarray:
    names = (table.get('meta') or {}).get('gender')
    names = ['neutral'] * count if names is None else list(names)
    if len(names) != count:
        raise AnnotationError(
            f'{path}: meta.gender has {len(names)} rows, but there are {count} image paths.'
        )
    return np.array([GENDERS.get(str(name).lower(), -1) for name in names])


class GenderedBodies:
    """The bodies of a folder, built when first needed.

    Args:
        model_path: folder of the licensed files.
        free_body: use the free body, the same for every gender, where there are none.
    """

    def __init__(self, model_path: str, free_body: bool) -> None:
        self.model_path, self.free_body = model_path, free_body
        self._of = cache(self._build)

    def _build(self, gender: int) -> nn.Module:
        try:
            return SMPLBody(self.model_path, GENDER_NAMES[gender], self.free_body)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'{error} Say where with --body-model, or use the free body with --free-body.'
            ) from error

    def digest(self) -> str | None:
        """Fingerprint of the neutral body, None if the folder has none.

        It stands for all bodies of the folder: `MultiRoIHumanData` compares its own with it.
        """
        try:
            return body_digest(self._of(-1))
        except FileNotFoundError:
            return None

    def joints(self, poses: Poses, quiet: bool = True) -> np.ndarray:
        """Joints (N, 54, 3) of 'smpl_54', metres, camera axes, without translation."""
        out = np.zeros((len(poses.known), 54, 3))
        batches = list(_batches(poses.genders))
        for gender, rows in track(batches, 'SMPL joints', len(batches), quiet):
            out[rows] = _joints(self._of(gender), poses, rows)
        return out

    def rest_pelvis(self, poses: Poses) -> np.ndarray:
        """``J0(beta)`` of every person, (N, 3) metres: what SMPL turns about."""
        out = np.zeros((len(poses.known), 3))
        for gender in np.unique(poses.genders):
            body, rows = self._of(int(gender)), poses.genders == gender
            regressor = body.J_regressor[0].double().numpy()
            directions = np.einsum('v,vcs->cs', regressor, body.shapedirs.double().numpy())
            mean = regressor @ body.v_template.double().numpy()
            betas = poses.betas[rows][:, : directions.shape[1]]
            out[rows] = mean + betas @ directions.T
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


__all__ = ['CONVENTION', 'GenderedBodies', 'Poses', 'read_poses']
