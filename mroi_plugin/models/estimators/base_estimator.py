"""What estimators have in common: a data preprocessor, and mmengine's modes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from mmengine.model import BaseModel
from torch import Tensor

from mroi_plugin.registry import MODELS

Batch = dict[str, Any]


class BaseEstimator(BaseModel):
    """A model of crops that has `extract`, `loss` and `predict`.

    Args:
        data_preprocessor: config; None means `MultiRoIPreprocessor`.
        init_cfg: see mmengine.
    """

    def __init__(
        self,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            MODELS.build(data_preprocessor or {'type': 'MultiRoIPreprocessor'}), init_cfg
        )

    def forward(self, img: Tensor, mode: str = 'tensor', **batch: Any) -> Any:
        """Run the model in one of mmengine's modes.

        Args:
            img: (N, M, 3, h, w) normalized crops, or what `CachedMapsDataset` gives for them.
            mode: ``tensor`` for the raw outputs, ``loss`` for the named losses, ``predict`` for one
                dictionary per person.
            batch: the rest of the sample; ``rois`` (N, M, 3) pixels and ``focal_length`` (N) pixels
                are always needed, the targets for ``loss``.

        Returns:
            See `extract`, `loss` and `predict`.

        Raises:
            ValueError: if ``mode`` is unknown.
        """
        if mode == 'tensor':
            return self.extract(img, batch)
        if mode == 'loss':
            return self.loss(img, batch)
        if mode == 'predict':
            return self.predict(img, batch)
        raise ValueError(f"mode={mode!r}: expected 'tensor', 'loss' or 'predict'.")

    @abstractmethod
    def extract(self, img: Tensor, batch: Batch) -> Any:
        """Raw outputs."""

    @abstractmethod
    def loss(self, img: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Losses by name."""

    @abstractmethod
    def predict(self, img: Tensor, batch: Batch) -> list[dict[str, Any]]:
        """One dictionary per person."""
