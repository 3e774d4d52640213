"""Resampling of maps on axis-parallel grids, as products with two small matrices.

Unlike ``grid_sample`` and ``interpolate(antialias=True)`` it has the same gradients in every run on
a GPU, and every version of ONNX has its operators.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mroi_plugin.utils.precision import at_least_float32


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (..., C, h, w) on a grid of ``size`` (h, w): bilinear, antialiased where it shrinks
    them."""
    if maps.shape[-2:] == size:
        return maps
    zero = maps.new_zeros((), dtype=torch.float32)
    rows, columns = (
        sampling_matrix(zero, zero + old / new, new, old) for old, new in zip(maps.shape[-2:], size)
    )
    return (rows.to(maps.dtype) @ maps) @ columns.to(maps.dtype).T


def roi_align(maps: Tensor, shown: Tensor, rois: Tensor, size: tuple[int, int]) -> Tensor:
    """What maps of one crop show of each RoI, on a grid of its own (RoIAlign, He et al., ICCV 2017,
    with the antialiased bilinear weights of `resize`).

    Args:
        maps: (N, C, h, w) of crops.
        shown: (N, 3) center and side, px of the full image, of what the maps show; the side is
            that of their longer side.
        rois: (N, M, 3) likewise; what is outside of the maps is as at their border.
        size: (h, w) of the result, whose longer side shows the side of a RoI.

    Returns:
        (N, M, C, h, w).

    Example:
        >>> import torch
        >>> column = torch.tensor([0.0, 1.0, 2.0, 3.0]).expand(1, 1, 4, 4)
        >>> shown = torch.tensor([[50.0, 50.0, 80.0]])  # x of 10 to 90 px, 20 px a cell
        >>> right = torch.tensor([[[70.0, 50.0, 40.0]]])  # 50 to 90 px
        >>> roi_align(column, shown, right, (2, 2)).squeeze()
        tensor([[2., 3.],
                [2., 3.]])
    """
    height, width = maps.shape[-2:]
    shown, rois = at_least_float32(shown)[:, None], at_least_float32(rois)
    gain = max(height, width) / shown[..., 2]
    step = gain * rois[..., 2] / max(size)  # a pixel of the result, in pixels of the map
    matrices = [
        sampling_matrix(
            gain * (rois[..., axis] - shown[..., axis]) + old / 2 - step * new / 2, step, new, old
        )
        for axis, new, old in ((0, size[1], width), (1, size[0], height))
    ]
    columns, rows = (matrix[:, :, None].to(maps.dtype) for matrix in matrices)
    return rows @ (maps[:, None] @ columns.transpose(-1, -2))


def sampling_matrix(start: Tensor, step: Tensor, count: int, size: int) -> Tensor:
    """Weights of ``size`` pixels in ``count`` samples; each row sums to 1.

    Sample i has its middle ``step (i + 1/2)`` after ``start``, pixel j at ``j + 1/2``. Its weights
    fall linearly to 0 within ``max(step, 1)`` pixels; beyond the first and the last pixel it is as
    there.

    Args:
        start: (...) pixels from the outer edge of pixel 0.
        step: (...) pixels.
        count: of samples.
        size: of pixels.

    Returns:
        (..., count, size).
    """
    samples, pixels = (
        torch.arange(n, device=start.device, dtype=start.dtype) + 0.5 for n in (count, size)
    )
    places = (start[..., None] + step[..., None] * samples).clamp(0.5, size - 0.5)
    reach = step.clamp(min=1)[..., None, None]
    weights = (1 - (places[..., None] - pixels).abs() / reach).clamp(min=0)
    return weights / weights.sum(-1, keepdim=True)
