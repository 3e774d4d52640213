"""Supervision by 3D joints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.models.losses.masked import masked_mean
from mroi_plugin.models.losses.pelvis import pelvis_roots
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.indices import on_device


def center_on_root(joints: Tensor, root: Sequence[int]) -> Tensor:
    """Subtract the mean of the ``root`` joints; joints (..., K, 3), any unit."""
    return joints - joints[..., on_device(root, joints.device), :].mean(-2, keepdim=True)


def keypoints3d_loss(
    joints: Tensor, target: Tensor, roots: Sequence[Sequence[int]], squared: bool = True
) -> Tensor:
    """``L_3D = mean_k conf_k (J_k - J'_k)^2`` with both centered on the pelvis, in m^2 (Eq. 18).

    Args:
        joints: (N, K, 3) meters, any frame with the axes of the camera.
        target: (N, K, 4) meters and confidence, likewise.
        roots: sets of joint indices whose mean is the pelvis, best first; a person is centered
            on the first set that is annotated for it, and not supervised if none is.
        squared: False takes distances ``|J_k - J'_k|``, in m, for squares of coordinates.

    Returns:
        Scalar.

    Example:
        >>> import torch
        >>> joints = torch.tensor([[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]])
        >>> target = torch.tensor([[[5.0, 0.0, 0.0, 1.0], [7.0, 0.0, 0.0, 1.0]]])
        >>> round(keypoints3d_loss(joints, target, [[0]]).item(), 6)  # one coordinate of six is off
        0.166667
    """
    error = joints.new_zeros(1)
    confidence = torch.zeros_like(target[..., 3:])
    for root in reversed(list(roots)):
        known = (target[:, on_device(root, target.device), 3] > 0).all(-1)[:, None, None]
        residual = center_on_root(joints, root) - center_on_root(target[..., :3], root)
        off = residual.square() if squared else residual.norm(dim=-1, keepdim=True)
        error = torch.where(known, off, error)
        confidence = torch.where(known, target[..., 3:], confidence)
    return masked_mean(error, confidence)


@register(MODELS, mmhuman3d='LOSSES')
class Keypoints3DLoss(nn.Module):
    """`keypoints3d_loss` of ``pred_joints`` (Eq. 18).

    Args:
        convention: keypoint convention of ``pred_joints`` and ``keypoints3d``.
        squared: False takes distances for squares; errors are then those that MPJPE means.
        loss_weight: factor on the result.

    Raises:
        ValueError: if the convention is unknown or has no hips.
    """

    def __init__(
        self, convention: str = 'smpl_54', squared: bool = True, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.squared = squared
        self.roots = pelvis_roots(convention)
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``pred_joints`` (N, K, 3) m.
            batch: ``keypoints3d`` (N, K, 4) m and confidence.
        """
        loss = keypoints3d_loss(
            outputs['pred_joints'], batch['keypoints3d'], self.roots, self.squared
        )
        return self.loss_weight * loss
