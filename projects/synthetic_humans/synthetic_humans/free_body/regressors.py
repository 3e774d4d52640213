"""Sparse, non-negative joint regressors: SMPL's 24, Human3.6M's 17 and the 9 extra joints."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from synthetic_humans.free_body.skeleton import PARENTS

CANDIDATES = 260
SUM_WEIGHT = 100.0
"""Weight of the condition that a row sums to 1, against meters."""


def fit_joint(vertices: np.ndarray, joint: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Row (V) with non-negative entries at the candidates that gives a joint in all samples.

    Args:
        vertices: (n, V, 3) meters.
        joint: (n, 3) meters.
        candidates: vertices that may be used.
    """
    system = vertices[:, candidates].transpose(0, 2, 1).reshape(-1, len(candidates))
    system = np.vstack([system, np.full((1, len(candidates)), SUM_WEIGHT)])
    solution, _ = nnls(system, np.append(joint.ravel(), SUM_WEIGHT), maxiter=20 * len(candidates))
    row = np.zeros(vertices.shape[1])
    row[candidates] = solution
    return _sparse(row)


def _sparse(row: np.ndarray) -> np.ndarray:
    row = np.where(row < 1e-4, 0, row)
    return row / row.sum()


def fit_smpl_joints(vertices: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Regressor (24, V) of SMPL's joints from samples (n, V, 3), (n, 24, 3) and weights (V, 24)."""
    mean, places = vertices.mean(0), joints.mean(0)
    rows = []
    for joint in range(24):
        near = np.linalg.norm(mean - places[joint], axis=1)
        moved = weights[:, joint] + (weights[:, PARENTS[joint]] if joint else 0)
        ring = np.argsort(near + 0.3 * (moved < 0.05))[:CANDIDATES:2]
        rows.append(fit_joint(vertices, joints[:, joint], ring))
    return np.array(rows)


def _point(mean: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Row (V) for a fixed place (3) of the mean body, from the vertices around it."""
    near = np.argsort(np.linalg.norm(mean - place, axis=1))[:80]
    return fit_joint(mean[None], place[None], near)


def derived_joints(smpl: np.ndarray, mean: np.ndarray, nose: int) -> dict[str, np.ndarray]:
    """Regressors ``J_regressor_h36m`` (17, V) and ``J_regressor_extra`` (9, V) from SMPL's (24, V).

    Rows follow mmhuman3d's conventions ``h36m`` and the last nine of ``smpl_54``.
    """
    top = np.zeros(len(mean))
    top[np.argsort(-mean[:, 1])[:12]] = 1 / 12
    jaw = _point(mean, mean[nose] + [0, -0.05, -0.06])
    pelvis, spine = (smpl[1] + smpl[2]) / 2, (smpl[3] + smpl[6]) / 2
    neck = (2 * smpl[12] + smpl[16] + smpl[17]) / 4
    head = (smpl[15] + top) / 2
    h36m = [
        pelvis,
        *smpl[[1, 4, 7, 2, 5, 8]],
        spine,
        neck,
        head,
        top,
        *smpl[[16, 18, 20, 17, 19, 21]],
    ]
    extra = [smpl[2], smpl[1], neck, top, pelvis, neck, spine, jaw, head]
    return {'J_regressor_h36m': np.array(h36m), 'J_regressor_extra': np.array(extra)}
