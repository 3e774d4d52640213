"""Supervision by 2D and 3D joints."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mroi_plugin.models.losses.masked import masked_mean
from mroi_plugin.registry import MODELS, register


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


def centre_on_root(joints: Tensor, root: Sequence[int]) -> Tensor:
    """Subtract the mean of the ``root`` joints; joints (..., K, 3), any unit."""
    return joints - joints[..., list(root), :].mean(-2, keepdim=True)


@register(MODELS, host='LOSSES')
class ReprojectionLoss(nn.Module):
    """``L_2D = sum_m mean_k conf_k ((p_mk - p'_k) / b_m)^2`` in the full image (v2 Sec. 3.4, Eq.
    18).

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, pixels: Tensor, target: Tensor, rois: Tensor) -> Tensor:
        """Loss of the projections of every RoI.

        Args:
            pixels: (N, M, K, 2) projected joints, pixels relative to the principal point.
            target: (N, K, 3) annotated joints in the same frame and their confidence.
            rois: (N, M, 3) ``(c_x, c_y, b)`` pixels.

        Returns:
            Scalar; the sum over the RoIs of the mean over annotated joints.
        """
        error = reprojection_error(pixels, target[..., :2], rois[..., 2])
        return self.loss_weight * rois.shape[1] * masked_mean(error, target[:, None, :, 2:])


@register(MODELS, host='LOSSES')
class Keypoints3DLoss(nn.Module):
    """``L_3D = mean_k conf_k (J_k - J'_k)^2`` with both centred on the pelvis, in m^2 (Eq. 18).

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, joints: Tensor, target: Tensor, roots: Sequence[Sequence[int]]) -> Tensor:
        """Loss of the predicted joints.

        Args:
            joints: (N, K, 3) metres.
            target: (N, K, 4) metres and confidence.
            roots: sets of joint indices whose mean is the pelvis, best first; a person is centred
                on the first set that is annotated for it, and not supervised if none is.

        Returns:
            Scalar.
        """
        error = torch.zeros_like(joints)
        confidence = torch.zeros_like(target[..., 3:])
        for root in reversed(list(roots)):
            known = (target[:, list(root), 3] > 0).all(-1)[:, None, None]
            residual = centre_on_root(joints, root) - centre_on_root(target[..., :3], root)
            error = torch.where(known, residual.square(), error)
            confidence = torch.where(known, target[..., 3:], confidence)
        return self.loss_weight * masked_mean(error, confidence)
