"""Adults sampled from Anny: rest meshes, bones and weights (code Apache-2.0, data CC0)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TOPOLOGY = 'anny-noeyes-notongue'
"""One watertight piece; Anny's SMPL topologies would download non-commercial data."""


@dataclass
class Population:
    """Sampled persons in Anny's rest pose; meters, x to the left, y up, z forward.

    Args:
        vertices: (n, V, 3).
        heads: (n, B, 3) heads of the bones.
        faces: (F, 3).
        weights: (V, B), rows sum to 1.
        bones: names.
        parents: (B) parent bone, -1 for the root.
    """

    vertices: np.ndarray
    heads: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    bones: list[str]
    parents: np.ndarray


def sample_phenotypes(count: int, seed: int) -> dict[str, np.ndarray]:
    """Phenotypes of adults, each (count) in 0..1; heights come out at 1.74 +- 0.09 m."""
    rng = np.random.default_rng(seed)
    return {
        'gender': rng.beta(0.6, 0.6, count),
        'age': rng.uniform(0.62, 0.85, count),
        'muscle': rng.beta(3, 3, count),
        'weight': rng.beta(3, 3, count),
        'height': np.clip(rng.normal(0.42, 0.08, count), 0, 1),
        'proportions': rng.beta(3, 3, count),
    }


def sample_population(count: int, seed: int, batch: int = 25) -> Population:
    """Sample adults; the first use of Anny builds its cache (about a minute).

    Raises:
        ImportError: if anny is not installed.
    """
    try:
        import torch
        from anny import Anny
    except ImportError as error:
        raise ImportError(
            'anny is needed to build the free body: pip install "projects/synthetic_humans[body]".'
        ) from error
    model = Anny(topology=TOPOLOGY).to(torch.float64)
    phenotypes = sample_phenotypes(count, seed)
    vertices, heads = [], []
    for start in range(0, count, batch):
        part = {k: torch.tensor(v[start : start + batch]) for k, v in phenotypes.items()}
        rest = model.get_rest_model(model.get_phenotype_blendshape_coefficients(**part))
        vertices.append(_upright(rest['rest_vertices'].numpy()))
        heads.append(_upright(rest['rest_bone_heads'].numpy()))
    return Population(
        np.concatenate(vertices),
        np.concatenate(heads),
        model.get_triangular_faces().numpy(),
        _dense_weights(model),
        list(model.bone_labels),
        np.array([int(p) for p in model.bone_parents]),
    )


def _upright(points: np.ndarray) -> np.ndarray:
    """Anny's z up, facing -y to SMPL's y up, facing +z."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def _dense_weights(model) -> np.ndarray:
    index, value = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    weights = np.zeros((len(index), len(model.bone_labels)))
    np.add.at(weights, (np.arange(len(index))[:, None], index), value)
    return weights / weights.sum(1, keepdims=True)
