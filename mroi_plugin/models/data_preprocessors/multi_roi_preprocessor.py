"""Moving a batch to the device and normalizing its crops there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor

from mroi_plugin.registry import MODELS, register


@register(MODELS)
class MultiRoIPreprocessor(BaseDataPreprocessor):
    """Normalize ``img`` on the device: ``(img - mean) / std``.

    Args:
        mean: per channel, in 0..255, RGB.
        std: per channel, in 0..255, RGB.

    Raises:
        ValueError: if one has not three numbers, or a deviation is not positive.
    """

    def __init__(
        self,
        mean: Sequence[float] = (123.675, 116.28, 103.53),
        std: Sequence[float] = (58.395, 57.12, 57.375),
    ) -> None:
        super().__init__(non_blocking=True)
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ValueError(
                f'MultiRoIPreprocessor: mean={tuple(mean)}, std={tuple(std)}; expected three '
                'numbers each, those of std above 0.'
            )
        self.register_buffer('mean', torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Batch with ``img`` (N, M, 3, h, w) uint8 in, the same with ``img`` normalized out.

        Maps of a frozen stem (N, M, C, h, w), as `CachedMapsDataset` gives them, become float32.
        """
        data = self.cast_data(data)
        if data['img'].is_floating_point():
            return {**data, 'img': data['img'].to(self.mean.dtype)}
        return {**data, 'img': (data['img'].to(self.mean.dtype) - self.mean) / self.std}
