"""Camera-consistency loss: the RoIs of one person imply one full camera."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mroi_plugin.cameras import crop_to_full_camera
from mroi_plugin.registry import MODELS, register

PAIRS = ('all', 'anchor')


def camera_residuals(cameras: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """Squared residuals of Eq. 15-16 for all ordered pairs of RoIs, in x, y and s.

    Args:
        cameras: (N, M, 3) local ``(s, t_x, t_y)``; ``s`` unitless, ``t`` metres.
        rois: (N, M, 3) ``(c_x, c_y, b)`` pixels.

    Returns:
        ``(t'_m - t'_n)^2`` of x and y, (N, M, M, 2) in m^2, and ``(b_m s_m - b_n s_n)^2``, (N, M,
        M) in px^2.
    """
    # Eq. 12 needs the focal length for the depth alone, which Eq. 15-16 do not use.
    shift = crop_to_full_camera(cameras, rois, torch.ones_like(rois[..., 0]))[..., :2]
    size = rois[..., 2] * cameras[..., 0]
    shift_residual = (shift[:, :, None] - shift[:, None]).square()
    return shift_residual, (size[:, :, None] - size[:, None]).square()


@register(MODELS, host='LOSSES')
class CameraConsistencyLoss(nn.Module):
    """``sum over ordered pairs (m, n) of w_x L_x + w_y L_y + w_s L_s``, mean over persons (Eq.
    15-16).

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
        self.weight_x, self.weight_y, self.weight_s = weight_x, weight_y, weight_s
        self.pairs = pairs
        self.loss_weight = loss_weight

    def forward(self, cameras: Tensor, rois: Tensor) -> Tensor:
        """Loss of the cameras (N, M, 3) of the RoIs (N, M, 3); a scalar, 0 for M = 1.

        Computed in float32 at least: sizes are hundreds of pixels and their squares overflow
        float16.
        """
        dtype = torch.promote_types(cameras.dtype, torch.float32)
        shift, size = camera_residuals(cameras.to(dtype), rois.to(dtype))
        pair = self.weight_x * shift[..., 0] + self.weight_y * shift[..., 1] + self.weight_s * size
        if self.pairs == 'anchor':  # ordered pairs (0, n) and (m, 0); the diagonal is zero
            return self.loss_weight * (pair[:, 0].sum(-1) + pair[:, :, 0].sum(-1)).mean()
        return self.loss_weight * pair.sum((1, 2)).mean()
