"""One pass of the backbone for all RoIs of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from mroi_plugin.models.backbones.features import pool_features
from mroi_plugin.models.encoders.crop_encoder import CropEncoder, by_person, only_map
from mroi_plugin.models.layers.resampling import roi_align
from mroi_plugin.registry import MODELS, register


@register(MODELS)
class SharedMapEncoder(CropEncoder):
    """RoI features out of the maps of one crop that shows all RoIs: what a map shows of a RoI is
    resampled (`roi_align`) and pooled.

    Of a backbone with a ``stem``, as `BlazePose`, the stem is shared and the rest sees a map per
    RoI. The crops need ``MultiRoICrop(shared=...)``.
    """

    shared_crop: ClassVar[bool] = True

    def maps(self, backbone: nn.Module, img: Tensor) -> Tensor:
        """See `CropEncoder.maps`; of the shared crop (N, 1, 3, h, w), at its own size."""
        return only_map(backbone.stem(img[:, 0], resized=False))[:, None]

    def forward(self, backbone: nn.Module, img: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """See `CropEncoder.forward`.

        Raises:
            ValueError: if the crops are not shared, or the backbone gives no maps.
        """
        if 'shared_roi' not in batch or img.shape[1] != 1:
            raise ValueError(
                f'SharedMapEncoder: {img.shape[1]} crop(s) for each person, expected one that '
                'shows all RoIs: set shared=1.5 in MultiRoICrop.'
            )
        rois, shown = batch['rois'], batch['shared_roi']
        if hasattr(backbone, 'stem'):
            maps = (self.maps(backbone, img) if img.shape[2] == 3 else img)[:, 0]
            own = roi_align(maps, shown, rois, (backbone.split, backbone.split))
            return super().forward(backbone, own, batch)
        outputs = backbone(img[:, 0])
        found = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        if any(x.dim() != 4 for x in found):
            raise ValueError(
                f'SharedMapEncoder: {type(backbone).__name__} gives features, expected maps.'
            )
        own = [roi_align(x, shown, rois, tuple(x.shape[-2:])).flatten(0, 1) for x in found]
        return by_person(pool_features(own), rois)
