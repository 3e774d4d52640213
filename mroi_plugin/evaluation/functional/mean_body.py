"""The mean body as a prediction: what an estimator that ignores the image would answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.models.layers.rotation_6d import rotation_6d_to_matrix


@torch.no_grad()
def mean_body_prediction(
    body: nn.Module, mean_params: Mapping[str, Any], n: int
) -> list[dict[str, Tensor]]:
    """The mean pose and shape, facing the camera, once per person.

    Args:
        body: neutral `SMPLBody`.
        mean_params: SPIN's ``pose`` (144, 6D, the global orientation first) and ``shape`` (10).
        n: number of persons.

    Returns:
        n dictionaries with ``pred_pose`` (24, 3, 3), ``pred_betas`` (10), ``pred_vertices`` (V, 3)
        and ``pred_joints`` (K, 3) in meters; the tensors are shared between persons. There are no
        cameras, hence no camera residual.
    """
    pose6d = torch.as_tensor(mean_params['pose'], dtype=torch.float32).reshape(1, 24, 6)
    pose = rotation_6d_to_matrix(pose6d)
    betas = torch.as_tensor(mean_params['shape'], dtype=torch.float32).reshape(1, 10)
    posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
    person = {
        'pred_pose': pose[0],
        'pred_betas': betas[0],
        'pred_vertices': posed['vertices'][0],
        'pred_joints': posed['joints'][0],
    }
    return [dict(person) for _ in range(n)]
