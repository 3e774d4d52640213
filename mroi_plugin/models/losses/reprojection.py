"""Supervision by 2D joints, through the full camera of every RoI."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.models.layers.full_camera_projector import FullCameraProjector
from mroi_plugin.models.losses.masked import masked_mean
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.precision import at_least_float32


def reprojection_error(pixels: Tensor, target: Tensor, box_size_px: Tensor) -> Tensor:
    """Squared distance per coordinate in units of the RoI's side: ``((p - p') / b)^2``.

    Args:
        pixels: (N, M, K, 2) projected joints, pixels of the full image.
        target: (N, K, 2) annotated joints in the same frame.
        box_size_px: (N, M) side ``b`` of each RoI.

    Returns:
        (N, M, K, 2) unitless.
    """
    return ((pixels - target[:, None]) / box_size_px[..., None, None]).square()


def reprojection_loss(pixels: Tensor, target: Tensor, rois: Tensor) -> Tensor:
    """``L_2D = sum_m mean_k conf_k ((p_mk - p'_k) / b_m)^2`` in the full image (Eq. 18).

    Args:
        pixels: (N, M, K, 2) projected joints, pixels relative to the principal point.
        target: (N, K, 3) annotated joints in the same frame and their confidence.
        rois: (N, M, 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.

    Returns:
        Scalar; the sum over the RoIs of the mean over annotated joints.

    Example:
        >>> import torch
        >>> pixels = torch.tensor([[[[10.0, 0.0]]]])
        >>> target = torch.tensor([[[0.0, 0.0, 1.0]]])
        >>> round(reprojection_loss(pixels, target, torch.tensor([[[0.0, 0.0, 100.0]]])).item(), 6)
        0.005
    """
    error = reprojection_error(pixels, target[..., :2], rois[..., 2])
    return rois.shape[1] * masked_mean(error, target[:, None, :, 2:])


@register(MODELS, mmhuman3d='LOSSES')
class ReprojectionLoss(nn.Module):
    """`reprojection_loss` of ``pred_joints`` seen by the cameras ``pred_cam`` (Eq. 18).

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.projector = FullCameraProjector()

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``pred_joints`` (N, K, 3) m, ``pred_cam`` (N, M, 3).
            batch: ``keypoints2d`` (N, K, 3) px from the top left corner and confidence, ``rois``
                (N, M, 3) px, ``focal_length`` (N) px, ``principal_point`` (N, 2) px.
        """
        rois, target = batch['rois'], batch['keypoints2d']
        cameras = at_least_float32(outputs['pred_cam'])
        pixels = self.projector(outputs['pred_joints'], cameras, rois, batch['focal_length'])
        centered = target[..., :2] - batch['principal_point'][:, None]
        target = torch.cat([centered, target[..., 2:]], dim=-1)
        return self.loss_weight * reprojection_loss(pixels, target, rois)
