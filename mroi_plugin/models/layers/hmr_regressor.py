"""HMR's decoder: from the mean parameters in three residual steps of a linear network."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mroi_plugin.models.layers.regressor import Limits, Regressor
from mroi_plugin.registry import MODELS, register


@register(MODELS)
class HMRRegressor(Regressor):
    """Residual regression ``state <- state + D([feature, state])`` from a mean state (HMR, Sec.
    3.2).

    As in HMR and its successors there is no activation between the layers: on given features it is
    a linear map, but for dropout.

    Args:
        in_channels: width of the feature, conditioning included.
        init: see `Regressor`.
        hidden_channels: widths of the two hidden layers.
        num_iters: number of residual steps.
        dropout: dropout probability after either hidden layer.
        limits: see `Regressor`. Every step sees the result of the one before, and without limits
            can make a large one larger still.

    Raises:
        ValueError: if ``num_iters`` is not positive, or there are not two hidden layers.
    """

    def __init__(
        self,
        in_channels: int,
        init: Mapping[str, Tensor],
        hidden_channels: tuple[int, int] = (1024, 1024),
        num_iters: int = 3,
        dropout: float = 0.5,
        limits: Limits | None = None,
    ) -> None:
        if num_iters < 1:
            raise ValueError(f'num_iters={num_iters}: expected at least 1 step.')
        if len(tuple(hidden_channels)) != 2:
            raise ValueError(f'hidden_channels={hidden_channels}: expected two widths.')
        first, second = hidden_channels
        super().__init__(init, second, limits)
        self.num_iters = num_iters
        self.fc1 = nn.Linear(in_channels + self.mean_state.numel(), first)
        self.fc2 = nn.Linear(first, second)
        self.dropout = nn.Dropout(dropout)

    def forward(self, feature: Tensor) -> dict[str, Tensor]:
        """One tensor (..., C_group) per group, of features (..., in_channels)."""
        state = seen = self.mean_of(feature)
        for _ in range(self.num_iters):
            x = self.dropout(self.fc1(torch.cat([feature, seen.to(feature.dtype)], dim=-1)))
            state = self.step(state, self.dropout(self.fc2(x)))
            # What lies at a limit does not move by what the next step sees of it.
            inside = (state > self.low) & (state < self.high)
            seen = torch.where(inside, state, state.detach())
        return self.groups(state)
