"""What an annotation file holds and is not taken as it stands: said once, when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_checks import KEYPOINTS, SMPL_SHAPES
from mroi_plugin.datasets.annotation_columns import by_chunks, largest_confidence

MAX_BETA = 10.0
"""No body of a person has a shape coefficient beyond, in standard deviations."""
POSE_WIDTHS = (66, 72, 156, 165, 168)
"""Numbers of a whole pose: SMPL's joints without and with hands, SMPL-H's, SMPL-X's."""
OTHER_BODIES = ('smplx', 'smplh', 'star', 'mano', 'flame')


def notes_of(table: Mapping[str, Any]) -> list[str]:
    """Sentences on entries of a checked table that are unused, or used in part.

    Args:
        table: from `open_human_data`.
    """
    smpl = table.get('smpl') or {}
    return [
        *(note for key in KEYPOINTS if key in table for note in _visibility(key, table[key])),
        *(_betas(np.asarray(smpl['betas'])) if 'betas' in smpl else ()),
        *_poses(table, smpl),
        *_unknown(table, smpl),
    ]


def _visibility(key: str, points: Any) -> list[str]:
    points, notes = np.asarray(points), []
    above = float(largest_confidence(points).max(initial=0))
    if above > 1:
        notes.append(
            f"{key}: confidence goes up to {above:g}; above 1 it counts as 1 (COCO's visibility)."
        )
    for what, lost in zip(('confidence', 'coordinates'), by_chunks(points, _not_finite).T):
        if lost.any():
            notes.append(
                f'{key}: {what} of {int(lost.sum())} persons, first sample {np.argmax(lost)}, are '
                'not finite for some joints: they count as not annotated.'
            )
    return notes


def _not_finite(points: np.ndarray) -> np.ndarray:
    """Persons (N, 2) with a joint whose confidence is unknown, and with one of positive confidence
    that has no coordinates."""
    confidence = points[..., -1]
    nowhere = (confidence > 0) & ~np.isfinite(points[..., :-1]).all(-1)
    return np.stack([np.isnan(confidence), nowhere], axis=-1).any(1)


def _betas(betas: np.ndarray) -> list[str]:
    flat, size = betas.reshape(len(betas), -1), prod(SMPL_SHAPES['betas'])
    notes = []
    if flat.shape[1] > size:
        notes.append(f'smpl.betas has {flat.shape[1]} numbers per person: the first {size} count.')
    beyond = by_chunks(flat, lambda part: (np.abs(part[:, :size]) > MAX_BETA).any(1))
    beyond = np.flatnonzero(beyond)
    if len(beyond):
        notes.append(
            f'smpl.betas of {len(beyond)} persons, first sample {beyond[0]}, go beyond '
            f'{MAX_BETA:.0f} standard deviations: no person is shaped so, see mroi check-data.'
        )
    return notes


def _unknown(table: Mapping[str, Any], smpl: Mapping[str, Any]) -> list[str]:
    """Persons who are said to have SMPL parameters, but of whom these are not numbers."""
    if 'has_smpl' not in table:
        return []
    claimed, notes = np.ravel(table['has_smpl']), []
    if np.isnan(claimed).any():
        notes.append(
            f'has_smpl of {int(np.isnan(claimed).sum())} persons, first sample '
            f'{np.argmax(np.isnan(claimed))}, is NaN: it counts as 0.'
        )
    for name in (name for name in ('body_pose', 'global_orient', 'betas') if name in smpl):
        values = np.asarray(smpl[name]).reshape(len(claimed), -1)
        lost = (claimed > 0) & by_chunks(values, lambda part: ~np.isfinite(part).all(1))
        if lost.any():
            notes.append(
                f'smpl.{name} of {int(lost.sum())} persons, first sample {np.argmax(lost)}, is not '
                'finite, where has_smpl is above 0: they count as without SMPL parameters.'
            )
    return notes


def _poses(table: Mapping[str, Any], smpl: Mapping[str, Any]) -> list[str]:
    """Poses in another form, where those that are read are absent."""
    absent = [name for name in ('body_pose', 'global_orient', 'betas') if name not in smpl]
    if not absent:
        return []
    count = len(table['image_path'])
    found = [name for name in OTHER_BODIES if name in table]
    for prefix, entries in (('', table), ('smpl.', smpl)):
        for name, values in entries.items():
            shape = np.shape(values) if isinstance(values, np.ndarray) else ()
            if 'keypoints' not in name and shape[:1] == (count,) and prod(shape[1:]) in POSE_WIDTHS:
                found.append(f'{prefix}{name}')
    if not found:
        return []
    return [
        f'{", ".join(found)} is not used: poses are read from smpl.body_pose (N, 69), '
        f'smpl.global_orient (N, 3) and smpl.betas (N, 10), of which {", ".join(absent)} is '
        'missing. Split a pose of 72 numbers into orientation, its first 3, and body pose; SMPL-X '
        'needs SMPL fitted to its mesh.'
    ]
