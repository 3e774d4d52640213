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
REDUCTIONS = ('mean', 'sum')
UNITS = {'relative': 0.1, 'px': 1e-4}
"""Units of the residual of sizes, and its weight in them."""


def camera_residuals(
    cameras: Tensor, rois: Tensor, units: str = 'relative'
) -> tuple[Tensor, Tensor]:
    """Squared residuals of the equalities of Eq. 14 for all ordered pairs of RoIs (Eq. 15).

    Args:
        cameras: (N, M, 3) local ``(s, t_x, t_y)``; ``s`` unitless, ``t`` meters.
        rois: (N, M, 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.
        units: of the sizes ``b_m s_m``: ``relative`` to the side of RoI 0, ``px`` as printed.

    Returns:
        ``(t'_m - t'_n)^2`` of x and y, (N, M, M, 2) in m^2, and ``(b_m s_m - b_n s_n)^2``, (N, M,
        M), unitless or in px^2.
    """
    # Eq. 12 needs the focal length for the depth alone, which Eq. 15 does not use.
    shift = crop_to_full_camera(cameras, rois, torch.ones_like(rois[..., 0]))[..., :2]
    side = rois[..., 2] / rois[:, :1, 2] if units == 'relative' else rois[..., 2]
    size = side * cameras[..., 0]
    shift_residual = (shift[:, :, None] - shift[:, None]).square()
    return shift_residual, (size[:, :, None] - size[:, None]).square()


def camera_consistency_loss(
    cameras: Tensor,
    rois: Tensor,
    weights: Sequence[float] = (0.1, 0.1, 0.1),
    pairs: str = 'all',
    units: str = 'relative',
    reduction: str = 'mean',
) -> Tensor:
    """``sum or mean over (m, n) of w_x L_x + w_y L_y + w_s L_s``, mean over persons (Eq. 16).

    As printed, ``units='px'`` and ``reduction='sum'``, it grows with the square of the image's
    resolution and with M^2. Computed in float32 at least: squares of pixels overflow float16.

    Args:
        cameras: (N, M, 3) local ``(s, t_x, t_y)``; ``s`` unitless, ``t`` meters.
        rois: (N, M, 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.
        weights: of the squared residuals in x and y, per m^2, and of the sizes, see ``units``.
        pairs: ``all`` (papers) or ``anchor``: only the pairs with RoI 0 (released code).
        units: see `camera_residuals`.
        reduction: ``sum`` over the ordered pairs (papers), or ``mean``: over the ``M (M - 1)``
            pairs of different RoIs, or over the M pairs of RoI 0 with every RoI, itself included
            (released code).

    Returns:
        Scalar, 0 for M = 1.

    Example:
        >>> import torch
        >>> rois = torch.tensor([[[0.0, 0.0, 200.0], [20.0, 0.0, 300.0]]])
        >>> cameras = torch.tensor([[[0.9, 0.0, 0.1], [0.6, -20 / 90, 0.1]]])  # one full camera
        >>> round(camera_consistency_loss(cameras, rois).item(), 6)
        0.0
    """
    cameras, rois = at_least_float32(cameras), at_least_float32(rois)
    shift, size = camera_residuals(cameras, rois, units)
    pair = weights[0] * shift[..., 0] + weights[1] * shift[..., 1] + weights[2] * size
    num_rois = rois.shape[1]
    if pairs == 'anchor':
        total = pair[:, 0].sum(-1)
        return (total / num_rois if reduction == 'mean' else 2 * total).mean()
    total = pair.sum((1, 2))
    return (total / max(num_rois * (num_rois - 1), 1) if reduction == 'mean' else total).mean()


@register(MODELS, mmhuman3d='LOSSES')
class CameraConsistencyLoss(nn.Module):
    """`camera_consistency_loss` of ``pred_cam`` and ``rois`` (Eq. 16).

    As printed: ``units='px', reduction='sum'``. As in the released code: ``units='px',
    weight_s=1e-8, pairs='anchor'``.

    Args:
        weight_x: weight of the squared x residual, per m^2.
        weight_y: weight of the squared y residual, per m^2.
        weight_s: weight of the squared residual of sizes; None for 0.1 of ``relative`` ones, 1e-4
            per px^2 (papers).
        pairs: ``all`` (papers) or ``anchor``: only the pairs with RoI 0 (released code).
        units: ``relative`` to the side of RoI 0, or ``px`` (papers).
        reduction: over the pairs: ``mean``, or ``sum`` (papers).
        loss_weight: factor on the result.

    Raises:
        ValueError: if ``pairs``, ``units`` or ``reduction`` is unknown.
    """

    across_rois = True

    def __init__(
        self,
        weight_x: float = 0.1,
        weight_y: float = 0.1,
        weight_s: float | None = None,
        pairs: str = 'all',
        units: str = 'relative',
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        for name, given, known in (
            ('pairs', pairs, PAIRS),
            ('units', units, UNITS),
            ('reduction', reduction, REDUCTIONS),
        ):
            if given not in known:
                raise ValueError(f'{name}={given!r}: expected one of {", ".join(known)}.')
        self.weights = (weight_x, weight_y, UNITS[units] if weight_s is None else weight_s)
        self.pairs, self.units, self.reduction = pairs, units, reduction
        self.loss_weight = loss_weight

    def forward(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> Tensor:
        """Weighted loss, a scalar.

        Args:
            outputs: ``pred_cam`` (N, M, 3).
            batch: ``rois`` (N, M, 3) px.
        """
        options = (self.weights, self.pairs, self.units, self.reduction)
        loss = camera_consistency_loss(outputs['pred_cam'], batch['rois'], *options)
        return self.loss_weight * loss
