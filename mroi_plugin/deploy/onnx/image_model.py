"""The network with the cutting of crops before it: from an image and boxes to bodies."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.datasets.transforms.roi_reach import MIN_SHARE, STEPS
from mroi_plugin.deploy.onnx.wrapped_model import WrappedModel


class ImageModel(nn.Module):
    """A `WrappedModel` that cuts the crops of `MultiRoICrop` itself.

    The principal point is the middle of the image, ``(W / 2, H / 2)``.

    Args:
        network: takes crops.
        crop: of the config's test pipeline.
        box_padding: factor on the sides of boxes.
    """

    inputs = ('image', 'boxes', 'focal_length')

    def __init__(self, network: WrappedModel, crop: MultiRoICrop, box_padding: float) -> None:
        super().__init__()
        self.network, self.box_padding = network, box_padding
        for name in ('shifts', 'scales', 'crop_size', 'cut_size'):
            value = torch.tensor(getattr(crop, name), dtype=torch.float64)
            self.register_buffer(name, value, persistent=False)
        self.width, self.height = crop.cut_size

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what `forward` returns."""
        return (*self.network.outputs, 'rois')

    @property
    def free_axes(self) -> dict[str, dict[int, str]]:
        """Dimensions that the file leaves free, by names of inputs and outputs."""
        persons = {name: {0: 'instances'} for name in ('boxes', *self.outputs)}
        return {'image': {0: 'height', 1: 'width'}, **persons}

    def example(self, persons: int) -> tuple[Tensor, ...]:
        """Plausible inputs: an image of noise of some size, and boxes in it and across its edge."""
        generator = torch.Generator().manual_seed(persons)
        height, width = 240 + 40 * persons, 400
        image = torch.randint(0, 256, (height, width, 3), generator=generator)
        corners = torch.rand(persons, 2, generator=generator) * torch.tensor([360.0, 200.0]) - 20
        sides = torch.rand(persons, 2, generator=generator) * 100 + 60
        return image.to(torch.uint8), torch.cat([corners, sides], 1), torch.tensor(700.0)

    def forward(self, image: Tensor, boxes: Tensor, focal_length: Tensor) -> tuple[Tensor, ...]:
        """Predict.

        Args:
            image: (H, W, 3) uint8 RGB, upright.
            boxes: (N, 4) float32 x, y, w, h px, tight.
            focal_length: () float32 px.

        Returns:
            What `WrappedModel` returns, and ``rois`` (N, M, 3), center relative to the middle of
            the image and side, px.
        """
        size = torch._shape_as_tensor(image)[:2].flip(0).to(torch.float64)
        centers, sides = self._place(boxes.to(torch.float64), size)
        rois = _relative(centers, sides, size)
        focal = focal_length.reshape(1).expand(boxes.shape[0])
        shared: tuple[Tensor, ...] = ()
        if self.network.shared_crop:
            centers, sides = self._enclose(centers, sides)
            shared = (_relative(centers, sides, size)[:, 0],)
        crops = self._cut(image, size, centers, sides)
        return (*self.network(crops, rois, focal, *shared), rois)

    def _place(self, boxes: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
        """Centers (N, M, 2) and sides (N, M) px of the RoIs; see `MultiRoICrop`.

        All in float64: the positional encoding sees the last bit of float32.
        """
        shape = self.crop_size / self.crop_size.max()
        side = (boxes[:, 2:] * self.box_padding / shape).amax(1)
        sides = side[:, None] * self.scales
        middle = boxes[:, :2] + boxes[:, 2:] / 2
        centers = middle[:, None] + self.shifts * side[:, None, None]
        half = sides[..., None] * shape / 2
        nearest = torch.minimum(centers.clamp(min=0), size - 1)
        chosen = nearest
        for step in STEPS[-2::-1]:
            moved = centers + step * (nearest - centers)
            low = (moved + 0.5 - half).clamp(min=0)
            shown = (torch.minimum(moved + 0.5 + half, size) - low).clamp(min=0) / (2 * half)
            enough = (shown[..., :1] * shown[..., 1:]) >= MIN_SHARE
            chosen = torch.where(enough, moved, chosen)
        return chosen, sides

    def _enclose(self, centers: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
        """Center (N, 1, 2) and side (N, 1) px of what shows all RoIs; see `enclosing_square`."""
        shape = self.crop_size / self.crop_size.max()
        half = sides[..., None] * shape / 2
        low, high = (centers - half).amin(1, keepdim=True), (centers + half).amax(1, keepdim=True)
        return (low + high) / 2, ((high - low) / shape).amax(-1)

    def _cut(self, image: Tensor, size: Tensor, centers: Tensor, sides: Tensor) -> Tensor:
        """Crops (N, M, 3, h, w) float32, whole numbers in 0..255, 0 outside of the image.

        Exactly those of ``cv2.warpAffine``: places are sums of steps of 1 / 1024 px, rounded to
        1 / 32 px, and what lies between four pixels is a float32 without rounding. ``GridSample``
        has normalized places, which are not exact.
        """
        pixel = sides[..., None] / self.cut_size.max()
        start = centers - pixel * (self.cut_size - 1) / 2
        x = _steps(pixel * torch.arange(self.width)) + _steps(start[..., :1])
        y = _steps(pixel * torch.arange(self.height) + start[..., 1:])
        x, y = (torch.floor(place / 32 + 0.5) / 32 for place in (x[:, :, None], y[..., None]))
        framed = F.pad(image, (0, 0, 1, 1, 1, 1)).flatten(0, 1)  # black around the image
        stride = size[0] + 2
        cut = torch.zeros(1)
        for column, of_column in _neighbors(x, size[0]):
            for row, of_row in _neighbors(y, size[1]):
                index = ((row + 1) * stride + column + 1).to(torch.int64)
                weight = (of_row * of_column).to(torch.float32)[..., None]
                cut = cut + weight * framed[index].to(torch.float32)
        return torch.floor(cut + 0.5).permute(0, 1, 4, 2, 3)


def _relative(centers: Tensor, sides: Tensor, size: Tensor) -> Tensor:
    """RoIs (..., 3) float32 px, relative to the middle of the image."""
    return torch.cat([centers - size / 2, sides[..., None]], dim=-1).to(torch.float32)


def _steps(pixels: Tensor) -> Tensor:
    """Places in steps of 1 / 1024 px."""
    return torch.round(1024 * pixels)


def _neighbors(place: Tensor, size: Tensor) -> tuple[tuple[Tensor, Tensor], ...]:
    """The pixels before and after places, -1 and ``size`` where these are outside, and their
    weights."""
    before = torch.floor(place)
    share = place - before
    inside = [torch.minimum(pixel.clamp(min=-1), size) for pixel in (before, before + 1)]
    return (inside[0], 1 - share), (inside[1], share)
