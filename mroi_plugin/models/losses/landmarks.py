"""Supervision of the landmarks that a backbone finds itself."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.models.backbones.blazepose import LANDMARKS
from mroi_plugin.models.losses.masked import masked_mean
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.indices import on_device

REACH = 1.0
"""Joints farther from the center of the crop than this, in sides, are not asked for."""


def landmark_targets(
    keypoints: Tensor, rois: Tensor, principal_point: Tensor
) -> tuple[Tensor, Tensor]:
    """Joints in sides of each RoI, from its center.

    Args:
        keypoints: (N, K, 3) px of the full image, from its top left corner, and confidence.
        rois: (N, M, 3) center relative to the principal point and side, px.
        principal_point: (N, 2) px.

    Returns:
        (N, M, K, 2), and confidences (N, M, K), 0 beyond `REACH`.

    Example:
        >>> import torch
        >>> keypoints = torch.tensor([[[320.0, 240.0, 1.0]]])
        >>> rois = torch.tensor([[[0.0, 0.0, 100.0], [10.0, -40.0, 200.0]]])
        >>> points, known = landmark_targets(keypoints, rois, torch.tensor([[300.0, 200.0]]))
        >>> points.squeeze()
        tensor([[0.2000, 0.4000],
                [0.0500, 0.4000]])
        >>> known.flatten().tolist()
        [1.0, 1.0]
    """
    center = rois[..., None, :2] + principal_point[:, None, None]
    points = (keypoints[:, None, :, :2] - center) / rois[..., None, 2:]
    near = (points.abs() < REACH).all(-1)
    return points, keypoints[:, None, :, 2] * near


def landmark_joints(convention: str) -> list[int]:
    """Numbers, in a keypoint convention, of the joints that are keys of `LANDMARKS`."""
    names = keypoint_names(convention)
    return [names.index(name) for name in LANDMARKS]


def landmark_distances(
    landmarks: Tensor, joints: list[int], batch: dict[str, Any]
) -> tuple[Tensor, Tensor]:
    """How far landmarks are from their joints, in sides of each RoI.

    Args:
        landmarks: (N, M, K, 2) in sides of each RoI from its center.
        joints: K numbers of joints, see `landmark_joints`.
        batch: ``keypoints2d`` (N, J, 3) px from the top left corner and confidence, ``rois`` (N, M
            or more, 3) px, ``principal_point`` (N, 2) px.

    Returns:
        Distances (N, M, K) and their confidences (N, M, K).
    """
    target, known = landmark_targets(
        batch['keypoints2d'][:, on_device(joints, landmarks.device)],
        batch['rois'][:, : landmarks.shape[1]],
        batch['principal_point'],
    )
    return (landmarks - target).norm(dim=-1), known


@register(MODELS)
class LandmarkLoss(nn.Module):
    """Mean distance of a backbone's landmarks from the joints they stand for, in sides of the RoI.

    With ``align_camera`` bodies are placed by these landmarks, which a backbone that is trained end
    to end moves by nothing but this loss. Every RoI has its own, whatever ``mesh_from`` is.

    Args:
        convention: keypoint convention of the data, which names the joints of `LANDMARKS`.
        loss_weight: factor on the result.
    """

    across_rois = True

    def __init__(self, convention: str = 'smpl_54', loss_weight: float = 1.0) -> None:
        super().__init__()
        self.joints = landmark_joints(convention)
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``landmarks`` (N, M, K, 2), one per key of `LANDMARKS`, in sides of each RoI
                from its center.
            batch: ``keypoints2d`` (N, J, 3) px from the top left corner and confidence, ``rois``
                (N, M, 3) px, ``principal_point`` (N, 2) px.

        Raises:
            ValueError: if the model gives no landmarks.
        """
        if 'landmarks' not in outputs:
            raise ValueError(
                'LandmarkLoss: the model gives no landmarks; use a backbone that finds them, as '
                'BlazePose, and align_camera=True.'
            )
        return self.loss_weight * masked_mean(
            *landmark_distances(outputs['landmarks'], self.joints, batch)
        )
