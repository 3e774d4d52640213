"""Putting the anatomical places where smplx looks for them: an order of the vertices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BELOW_EAR_M = 0.015
SOLE_M = 0.05


def find_landmarks(
    vertices: np.ndarray, bone_weights: np.ndarray, bones: Sequence[str], eyes: np.ndarray
) -> dict[str, int]:
    """Vertices at the places of smplx's table ``vertex_ids['smplh']``.

    Args:
        vertices: (V, 3) mean T-posed body, meters, y up, facing +z.
        bone_weights: (V, B).
        bones: names of the B bones.
        eyes: (2, 3) centers of the left and right eyeball.

    Returns:
        Vertex by name of the place.
    """
    x, y, z = vertices.T
    strongest = np.array(bones)[bone_weights.argmax(1)]
    head = np.isin(strongest, [b for b in bones if b == 'head' or b.startswith('eye')])

    def best(mask: np.ndarray, score: np.ndarray) -> int:
        candidates = np.flatnonzero(mask)
        return int(candidates[np.argmax(score[candidates])])

    found = {'nose': best(head & (np.abs(x) < 0.02) & (y < eyes[0, 1]), z)}
    ear_height = head & (np.abs(y - eyes[0, 1] + BELOW_EAR_M) < 0.03)
    for side, eye, sign in (('l', eyes[0], 1), ('r', eyes[1], -1)):
        upper = side.upper()
        to_eye = np.linalg.norm(vertices - (eye + np.array([0, 0, 0.012])), axis=1)
        found[f'{side}eye'] = best(head, -to_eye)
        found[f'{side}ear'] = best(ear_height, sign * x)
        for number, finger in enumerate(('thumb', 'index', 'middle', 'ring', 'pinky'), 1):
            tip = strongest == f'finger{number}-3.{upper}'
            found[f'{side}{finger}'] = best(tip, sign * x)
        found[f'{upper}BigToe'] = best(strongest == f'toe1-2.{upper}', z)
        found[f'{upper}SmallToe'] = best(strongest == f'toe5-3.{upper}', z)
        foot = strongest == f'foot.{upper}'
        found[f'{upper}Heel'] = best(foot & (y < y[foot].min() + SOLE_M), -z)
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
