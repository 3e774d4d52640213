"""Putting the anatomical places where smplx looks for them: an order of the vertices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BELOW_EAR_M = 0.015
SOLE_M = 0.05


def find_landmarks(
    vertices: np.ndarray,
    bone_weights: np.ndarray,
    bones: Sequence[str],
    eye: np.ndarray,
    twins: np.ndarray,
) -> dict[str, int]:
    """Vertices at the places of smplx's table ``vertex_ids['smplh']``.

    Args:
        vertices: (V, 3) mean T-posed body, symmetric, meters, y up, facing +z.
        bone_weights: (V, B).
        bones: names of the B bones.
        eye: (3) center of the left eyeball.
        twins: (V) mirror image of every vertex; places of the right side are those of the left
            ones.

    Returns:
        Vertex by name of the place.
    """
    x, y, z = vertices.T
    strongest = np.array(bones)[bone_weights.argmax(1)]
    head = np.isin(strongest, [b for b in bones if b == 'head' or b.startswith('eye')])
    foot = strongest == 'foot.L'

    def best(mask: np.ndarray, score: np.ndarray) -> int:
        candidates = np.flatnonzero(mask)
        return int(candidates[np.argmax(score[candidates])])

    found = {'nose': best(head & (twins == np.arange(len(x))) & (y < eye[1]), z)}
    left = {
        'leye': best(head, -np.linalg.norm(vertices - (eye + np.array([0, 0, 0.012])), axis=1)),
        'lear': best(head & (np.abs(y - eye[1] + BELOW_EAR_M) < 0.03), x),
        'LBigToe': best(strongest == 'toe1-2.L', z),
        'LSmallToe': best(strongest == 'toe5-3.L', z),
        'LHeel': best(foot & (y < y[foot].min() + SOLE_M), -z),
    }
    for number, finger in enumerate(('thumb', 'index', 'middle', 'ring', 'pinky'), 1):
        left[f'l{finger}'] = best(strongest == f'finger{number}-3.L', x)
    for name, vertex in left.items():
        found[name] = vertex
        found[('R' if name[0] == 'L' else 'r') + name[1:]] = int(twins[vertex])
    return found


def vertex_order(found: dict[str, int], count: int) -> np.ndarray:
    """Order (count) that puts every landmark at smplx's vertex id; the others keep their
    sequence."""
    from smplx.vertex_ids import vertex_ids

    order = np.full(count, -1)
    for name, vertex in found.items():
        order[vertex_ids['smplh'][name]] = vertex
    taken = set(found.values())
    order[order < 0] = [v for v in range(count) if v not in taken]
    return order
