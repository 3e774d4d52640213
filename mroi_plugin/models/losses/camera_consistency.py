"""Camera-consistency loss: the RoIs of one person imply one full camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.cameras import crop_to_full_camera
from mroi_plugin.registry import MODELS, register
from mroi_plugin.utils.precision import at_least_float32

PAIRS = ('all', 'anchor')


def camera_residuals(cameras: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """Squared residuals of the equalities of Eq. 14 for all ordered pairs of RoIs (Eq. 15).

    Args:
        cameras: (N, M, 3) local ``(s, t_x, t_y)``; ``s`` unitless, ``t`` meters.
        rois: (N, M, 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.

    Returns:
        ``(t'_m - t'_n)^2`` of x and y, (N, M, M, 2) in m^2, and ``(b_m s_m - b_n s_n)^2``, (N, M,
        M) in px^2.
    """
    # Eq. 12 needs the focal length for the depth alone, which Eq. 15 does not use.
    shift = crop_to_full_camera(cameras, rois, torch.ones_like(rois[..., 0]))[..., :2]
    size = rois[..., 2] * cameras[..., 0]
    shift_residual = (shift[:, :, None] - shift[:, None]).square()
    return shift_residual, (size[:, :, None] - size[:, None]).square()


def camera_consistency_loss(
    cameras: Tensor,
    rois: Tensor,
    weights: Sequence[float] = (0.1, 0.1, 1e-4),
    pairs: str = 'all',
) -> Tensor:
    """``sum over (m, n) of w_x L_x + w_y L_y + w_s L_s``, mean over persons (Eq. 16).

    The sum is over ordered pairs of RoIs and computed in float32 at least: sizes are hundreds of
    pixels and their squares overflow float16.

    Args:
        cameras: (N, M, 3) local ``(s, t_x, t_y)``; ``s`` unitless, ``t`` meters.
        rois: (N, M, 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.
        weights: of the squared residuals in x and y, per m^2, and s, per px^2.
        pairs: ``all`` (papers) or ``anchor``: only the pairs with RoI 0 (released code).

    Returns:
        Scalar, 0 for M = 1.

    Example:
        >>> import torch
        >>> rois = torch.tensor([[[0.0, 0.0, 200.0], [20.0, 0.0, 300.0]]])
        >>> cameras = torch.tensor([[[0.9, 0.0, 0.1], [0.6, -20 / 90, 0.1]]])  # one full camera
        >>> round(camera_consistency_loss(cameras, rois).item(), 6)
        0.0
    """
    shift, size = camera_residuals(at_least_float32(cameras), at_least_float32(rois))
    pair = weights[0] * shift[..., 0] + weights[1] * shift[..., 1] + weights[2] * size
    if pairs == 'anchor':  # ordered pairs (0, n) and (m, 0); the diagonal is zero
        return (pair[:, 0].sum(-1) + pair[:, :, 0].sum(-1)).mean()
    return pair.sum((1, 2)).mean()


@register(MODELS, mmhuman3d='LOSSES')
class CameraConsistencyLoss(nn.Module):
    """`camera_consistency_loss` of ``pred_cam`` and ``rois`` (Eq. 16).

    Args:
        weight_x: weight of the squared x residual, per m^2.
        weight_y: weight of the squared y residual, per m^2.
        weight_s: weight of the squared size residual, per px^2.
        pairs: ``all`` (papers) or ``anchor``: only the pairs with RoI 0 (released code).
        loss_weight: factor on the result.

    Raises:
        ValueError: if ``pairs`` is unknown.
    """

    def __init__(
        self,
        weight_x: float = 0.1,
        weight_y: float = 0.1,
        weight_s: float = 1e-4,
        pairs: str = 'all',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if pairs not in PAIRS:
            raise ValueError(f'pairs={pairs!r}: expected one of {", ".join(PAIRS)}.')
        self.weights = (weight_x, weight_y, weight_s)
        self.pairs = pairs
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``pred_cam`` (N, M, 3).
            batch: ``rois`` (N, M, 3) px.
        """
        loss = camera_consistency_loss(outputs['pred_cam'], batch['rois'], self.weights, self.pairs)
        return self.loss_weight * loss
