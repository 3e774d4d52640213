"""A pass of the backbone for every crop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from mroi_plugin.models.backbones.features import pool_features
from mroi_plugin.registry import MODELS, register


@register(MODELS)
class CropEncoder(nn.Module):
    """RoI features ``h_m = pool(E(X_m))``, every crop ``X_m`` being encoded as it is (v2 Fig. 2).

    Every encoder has its two methods, and no weights.
    """

    shared_crop: ClassVar[bool] = False
    """Whether one crop shows all RoIs, see `MultiRoICrop`."""

    def maps(self, backbone: nn.Module, img: Tensor) -> Tensor:
        """What a backbone with a ``stem`` makes of crops, for `CachedMapsDataset` to keep.

        Args:
            backbone: as `BlazePose`.
            img: (N, K, 3, h, w), one crop per RoI or one that all share.

        Returns:
            (N, K, C, h', w').
        """
        return by_person(only_map(backbone.stem(img.flatten(0, 1))), img)

    def forward(self, backbone: nn.Module, img: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """Features of all RoIs.

        Args:
            backbone: encoder E.
            img: (N, K, 3, h, w), or (N, K, C, h', w') of `maps`.
            batch: ``rois`` (N, M, 3) px, and ``shared_roi`` (N, 3) px where one crop shows all.

        Returns:
            (N, M, D).
        """
        return by_person(pool_features(backbone(img.flatten(0, 1))), img)


def build_encoder(config: Mapping[str, Any] | None) -> CropEncoder:
    """The encoder of a config; `CropEncoder` for none."""
    return MODELS.build(dict(config or {'type': CropEncoder.__name__}))


def by_person(values: Tensor, like: Tensor) -> Tensor:
    """(N, K, ...) of (N K, ...), N and K those of ``like`` (N, K, ...)."""
    return values.reshape(*like.shape[:2], *values.shape[1:])  # unflatten would be traced with N


def only_map(maps: Any) -> Tensor:
    """The map of a stem.

    Raises:
        ValueError: if there are several.
    """
    if len(maps) != 1:
        raise ValueError(
            f'the stem of the backbone gives {len(maps)} maps, of which one can be kept: choose '
            'another model.backbone.split.'
        )
    return maps[0]
