"""Projection of one body through the full cameras of its RoIs."""

from __future__ import annotations

from torch import Tensor, nn

from mroi_plugin.cameras import crop_to_full_camera, project_points
from mroi_plugin.registry import MODELS, register


@register(MODELS, mmhuman3d='HEADS')
class FullCameraProjector(nn.Module):
    """Project body points into the full image once per RoI (Eq. 12; v2 Sec. 3.4)."""

    def forward(
        self, points: Tensor, cameras: Tensor, rois: Tensor, focal_length: Tensor
    ) -> Tensor:
        """Project with the full camera that each local camera implies.

        Args:
            points: (N, K, 3) meters, body frame.
            cameras: (N, M, 3) local ``(s, t_x, t_y)``.
            rois: (N, M, 3) ``(c_x, c_y, b)`` pixels, center relative to the principal point.
            focal_length: (N) pixels.

        Returns:
            (N, M, K, 2) pixels of the full image relative to the principal point.
        """
        focal = focal_length[:, None]
        full = crop_to_full_camera(cameras, rois, focal)
        return project_points(points[:, None], full, focal)
