"""Supervision by 2D joints, through the full camera of every RoI."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.models.layers.full_camera_projector import FullCameraProjector
from mroi_plugin.models.losses.masked import masked_mean
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.precision import at_least_float32

REDUCTIONS = ('mean', 'sum')
UNITS = {'side': 1.0, 'half_side': 0.5}
"""Units of the error as shares of the RoI's side."""


def reprojection_error(
    pixels: Tensor, target: Tensor, unit_px: Tensor, robust: float | None = None
) -> Tensor:
    """Half the squared distance ``d^2 = |p - p'|^2 / u^2``, or ``c^2 log(1 + d^2 / c^2) / 2``.

    The robust form, Cauchy's, is the squared one for ``d << c`` and grows as the logarithm beyond:
    its gradient is at most ``c / 2`` per unit, and near the plane of the camera, where a pixel
    moves as ``1 / depth``, at most ``c^2 / depth``.

    Args:
        pixels: (N, M, K, 2) projected joints, pixels of the full image.
        target: (N, K, 2) annotated joints in the same frame.
        unit_px: (N, M) unit ``u`` of each RoI, px.
        robust: ``c`` in these units; None for the squared distance.

    Returns:
        (N, M, K) unitless; half of it is the mean over x and y.
    """
    distance = (pixels - target[:, None]) / unit_px[..., None, None]
    squared = distance.square().sum(-1)
    if robust is not None:
        squared = robust**2 * torch.log1p(squared / robust**2)
    return squared / 2


def reprojection_loss(
    pixels: Tensor,
    target: Tensor,
    rois: Tensor,
    robust: float | None = 1.0,
    units: str = 'side',
    reduction: str = 'mean',
) -> Tensor:
    """``L_2D = mean_m mean_k conf_k e((p_mk - p'_k) / b_m)`` in the full image (Eq. 18).

    Args:
        pixels: (N, M, K, 2) projected joints, pixels relative to the principal point.
        target: (N, K, 3) annotated joints in the same frame and their confidence.
        rois: (N, M, 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.
        robust: see `reprojection_error`.
        units: ``side`` b of each RoI, or ``half_side`` (released code: a crop is -1 to 1).
        reduction: over the RoIs: ``mean``, or ``sum`` (papers).

    Returns:
        Scalar; the mean is over annotated joints.

    Example:
        >>> import torch
        >>> pixels = torch.tensor([[[[10.0, 0.0]]]])
        >>> target = torch.tensor([[[0.0, 0.0, 1.0]]])
        >>> rois = torch.tensor([[[0.0, 0.0, 100.0]]])
        >>> round(reprojection_loss(pixels, target, rois, robust=None).item(), 6)
        0.005
    """
    error = reprojection_error(pixels, target[..., :2], UNITS[units] * rois[..., 2], robust)
    factor = rois.shape[1] if reduction == 'sum' else 1
    return factor * masked_mean(error, target[:, None, :, 2])


@register(MODELS, mmhuman3d='LOSSES')
class ReprojectionLoss(nn.Module):
    """`reprojection_loss` of ``pred_joints`` seen by the cameras ``pred_cam`` (Eq. 18).

    As printed: ``robust=None, reduction='sum'``. As in the released code: ``robust=None,
    units='half_side'``.

    Args:
        robust: scale of Cauchy's robust form in ``units``; None for squares.
        units: ``side`` or ``half_side`` of each RoI.
        reduction: over the RoIs: ``mean`` or ``sum``.
        loss_weight: factor on the result.

    Raises:
        ValueError: if ``units`` or ``reduction`` is unknown, or ``robust`` not positive.
    """

    def __init__(
        self,
        robust: float | None = 1.0,
        units: str = 'side',
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        for name, given, known in (('units', units, UNITS), ('reduction', reduction, REDUCTIONS)):
            if given not in known:
                raise ValueError(f'{name}={given!r}: expected one of {", ".join(known)}.')
        if robust is not None and not robust > 0:
            raise ValueError(f'robust={robust}: expected a positive number, or None for squares.')
        self.robust, self.units, self.reduction = robust, units, reduction
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
        options = (self.robust, self.units, self.reduction)
        return self.loss_weight * reprojection_loss(pixels, target, rois, *options)
