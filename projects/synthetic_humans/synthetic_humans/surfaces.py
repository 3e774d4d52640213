"""Surfaces of a scene, and how pieces of cloth are cut from a body: along a line, not along edges.

A garment is described on the unposed body by a field: meters within its hem, negative outside.
`cut` keeps what is inside; vertices on the hem lie between two vertices of the body, so that a
piece that was cut once can be laid over any pose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mroi_plugin.visualization.jit import kernel
from mroi_plugin.visualization.shading import vertex_normals


@dataclass(frozen=True)
class Surface:
    """A part of a scene that has one material.

    Attributes:
        vertices: (V, 3) m, world.
        normals: (V, 3), unit.
        coords: (V, 4), where a vertex lies on its texture, see `textures.Material`.
        faces: (F, 3), counter-clockwise seen from outside.
        material: index into the materials of its scene.
        two_sided: whether its inside can be seen.
    """

    vertices: np.ndarray
    normals: np.ndarray
    coords: np.ndarray
    faces: np.ndarray
    material: int
    two_sided: bool = False


@dataclass(frozen=True)
class Piece:
    """What was cut from a mesh: vertex k is `(1 - share) v[first] + share v[second]`.

    Attributes:
        first, second: (K,), vertices of the mesh.
        share: (K,).
        faces: (F, 3), of the K vertices.
    """

    first: np.ndarray
    second: np.ndarray
    share: np.ndarray
    faces: np.ndarray

    def take(self, values: np.ndarray) -> np.ndarray:
        """Return values (K, ...) on the piece from values (V, ...) on the mesh."""
        share = self.share.reshape(-1, *[1] * (values.ndim - 1))
        return (1 - share) * values[self.first] + share * values[self.second]


def _rolled(faces: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """Turn faces (F, 3) so that the one marked corner (F, 3) comes first."""
    start = marked.argmax(1)[:, None]
    return np.take_along_axis(faces, (start + np.arange(3)) % 3, 1)


def cut(faces: np.ndarray, field: np.ndarray) -> Piece:
    """Keep the part of a mesh where a field (V,), linear on every face, is positive."""
    inside = (field > 0)[faces]
    count = inside[:, 0].astype(int) + inside[:, 1] + inside[:, 2]
    whole = faces[count == 3]
    one = _rolled(faces[count == 1], inside[count == 1])
    two = _rolled(faces[count == 2], ~inside[count == 2])
    edges = [one[:, [0, 1]], one[:, [0, 2]], two[:, [1, 0]], two[:, [2, 0]]]
    edges = np.concatenate(edges)  # from the inside to the outside
    keys, new = np.unique(edges[:, 0] * len(field) + edges[:, 1], return_inverse=True)
    used = np.zeros(len(field), bool)
    for corners in (whole, one[:, 0], two[:, 1:]):
        used[corners] = True
    kept = np.flatnonzero(used)
    place = np.full(len(field), -1)
    place[kept] = np.arange(len(kept))
    new = new.reshape(-1) + len(kept)
    a, b, c, d = np.split(new, np.cumsum([len(one), len(one), len(two)]))
    pieces = [
        place[whole],
        np.stack([place[one[:, 0]], a, b], 1),
        np.stack([c, place[two[:, 1]], place[two[:, 2]]], 1),
        np.stack([c, place[two[:, 2]], d], 1),
    ]
    start, end = keys // len(field), keys % len(field)
    share = field[start] / (field[start] - field[end])
    first, second = np.concatenate([kept, start]), np.concatenate([kept, end])
    return Piece(
        first, second, np.concatenate([np.zeros(len(kept)), share]), np.concatenate(pieces)
    )


def neighbors_of(faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return starts (V + 1,) and the neighbors of every vertex, one after another."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    starts = np.searchsorted(edges[:, 0], np.arange(count + 1))
    return starts, np.ascontiguousarray(edges[:, 1])


@kernel
def smoothed(
    vertices: np.ndarray, starts: np.ndarray, neighbors: np.ndarray, rounds: int
) -> np.ndarray:
    """Move vertices (V, 3) halfway to the mean of their neighbors, several times."""
    current = vertices.copy()
    for _ in range(rounds):
        moved = current.copy()
        for v in range(len(vertices)):
            for i in range(3):
                total = 0.0
                for k in range(starts[v], starts[v + 1]):
                    total += current[neighbors[k], i]
                moved[v, i] = 0.5 * current[v, i] + 0.5 * total / (starts[v + 1] - starts[v])
        current = moved
    return current


def grid_faces(rows: int, columns: int, closed: bool) -> np.ndarray:
    """Return the faces of a grid of vertices, row by row; `closed` joins the last column to the
    first. Rows that go down and columns that go counter-clockwise seen from above face outward."""
    steps = columns if closed else columns - 1
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(steps), indexing='ij')
    a, b = r * columns + c, r * columns + (c + 1) % columns
    a, b = a.ravel(), b.ravel()
    below = np.stack([a, a + columns, b + columns], 1)
    return np.concatenate([below, np.stack([a, b + columns, b], 1)])


def plain_surface(
    vertices: np.ndarray,
    faces: np.ndarray,
    coords: np.ndarray,
    material: int,
    two_sided: bool = False,
) -> Surface:
    """Return a surface whose normals are those of its own faces."""
    faces = np.ascontiguousarray(faces, np.int64)
    normals = vertex_normals(np.ascontiguousarray(vertices, np.float64), faces)
    return Surface(vertices, normals, coords, faces, material, two_sided)
