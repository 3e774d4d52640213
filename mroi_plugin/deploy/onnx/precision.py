"""ONNX files of fewer bits, and how far they are from those of 32.

What is computed in fewer bits are the layers with weights, of backbone and head. Cameras, encoding,
cropping, body and rotations stay in float32: there, rounding is centimeters or noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mroi_plugin.deploy.onnx.half import write_half
from mroi_plugin.deploy.onnx.int8 import write_int8
from mroi_plugin.deploy.onnx.sessions import run_file
from mroi_plugin.models.estimators.multi_roi_estimator import MultiRoIEstimator

PRECISIONS = ('fp32', 'fp16', 'int8')
WRITERS = {'fp16': write_half, 'int8': write_int8}
"""They rewrite a float32 file."""


def precision_errors(
    model: MultiRoIEstimator,
    inputs: Sequence[dict[str, np.ndarray]],
    reference: Path,
    path: Path,
) -> dict[str, float]:
    """Differences between two files over some inputs, in millimeters.

    Args:
        model: whose body is posed.
        inputs: of the files, by name.
        reference: file of 32 bits.
        path: file of fewer.

    Returns:
        ``vertices_mean_mm`` and ``vertices_max_mm``, of bodies without translation, and
        ``translation_mean_mm`` and ``translation_max_mm``, of ``pred_transl``, or of RoI 0's full
        camera in a file without body.

    Raises:
        ValueError: if an output is not finite.
    """
    pairs = [run_file(file, inputs) for file in (reference, path)]
    vertices, translations = [], []
    for one, other in zip(*pairs):
        if not all(np.isfinite(value).all() for value in other.values()):
            raise ValueError(f'{path.name}: fewer bits give NaN or infinity; use --precision fp32.')
        vertices.append(_distances_mm(_vertices(model, one), _vertices(model, other)))
        translations.append(_distances_mm(_translation(one), _translation(other)))
    found = {}
    for name, parts in (('vertices', vertices), ('translation', translations)):
        distances = np.concatenate(parts)
        found[f'{name}_mean_mm'] = float(distances.mean())
        found[f'{name}_max_mm'] = float(distances.max())
    return found


def _vertices(model: MultiRoIEstimator, outputs: dict[str, np.ndarray]) -> Tensor:
    given = (torch.from_numpy(outputs[name]) for name in ('pred_pose', 'pred_betas'))
    return model.pose_body(*given)['pred_vertices']


def _translation(outputs: dict[str, np.ndarray]) -> Tensor:
    known = outputs.get('pred_transl', outputs['pred_cam_full'][:, 0])
    return torch.from_numpy(known)


def _distances_mm(one: Tensor, other: Tensor) -> np.ndarray:
    return 1000 * (one - other).norm(dim=-1).flatten().numpy()
