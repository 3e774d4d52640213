"""Crops that the backbone sees at resolutions of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mroi_plugin.models.backbones.features import pool_features
from mroi_plugin.models.encoders.crop_encoder import CropEncoder, by_person, only_map
from mroi_plugin.models.layers.resampling import resize
from mroi_plugin.registry import MODELS, register


@register(MODELS)
class SizedCropEncoder(CropEncoder):
    """RoI features of crops that are shrunk first, each by a factor of its own; those of one size
    pass the backbone together.

    With half the side for four of five RoIs, a convolutional backbone computes as much as for two
    crops. The map of a backbone with a ``stem`` is enlarged again after it.

    Args:
        scales: of the sides of each RoI's crop, M numbers of at most 1.

    Raises:
        ValueError: if a scale is not above 0 and at most 1.
    """

    def __init__(self, scales: Sequence[float]) -> None:
        super().__init__()
        if not scales or not all(0 < scale <= 1 for scale in scales):
            raise ValueError(
                f'SizedCropEncoder: scales={scales!r}, expected a number above 0 and at most 1 '
                'for each RoI.'
            )
        self.scales = tuple(scales)

    def maps(self, backbone: nn.Module, img: Tensor) -> Tensor:
        """See `CropEncoder.maps`."""
        side = backbone.split
        return self._by_size(
            img, lambda crops: resize(only_map(backbone.stem(crops, resized=False)), (side, side))
        )

    def forward(self, backbone: nn.Module, img: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """See `CropEncoder.forward`."""
        if img.shape[2] == 3 and not hasattr(backbone, 'stem'):
            return self._by_size(img, lambda crops: pool_features(backbone(crops)))
        maps = self.maps(backbone, img) if img.shape[2] == 3 else img
        return super().forward(backbone, maps, batch)

    def _by_size(self, img: Tensor, encode: Callable[[Tensor], Tensor]) -> Tensor:
        """``encode`` (n, 3, h, w) -> (n, ...) of crops (N, M, 3, h, w), once for each size."""
        if img.shape[1] != len(self.scales):
            raise ValueError(
                f'SizedCropEncoder: {len(self.scales)} scales for {img.shape[1]} crops: give one '
                'for each RoI.'
            )
        found: dict[int, Tensor] = {}
        for scale in dict.fromkeys(self.scales):
            members = [m for m, own in enumerate(self.scales) if own == scale]
            crops = torch.stack([img[:, m] for m in members], 1)
            size = tuple(round(scale * int(side)) for side in img.shape[-2:])
            encoded = by_person(encode(resize(crops.flatten(0, 1), size)), crops)
            found.update(zip(members, encoded.unbind(1)))
        return torch.stack([found[m] for m in range(len(self.scales))], 1)
