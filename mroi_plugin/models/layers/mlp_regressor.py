"""A decoder with activations: one step from the mean parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mroi_plugin.models.layers.regressor import Limits, Regressor
from mroi_plugin.registry import MODELS, register


@register(MODELS)
class MLPRegressor(Regressor):
    """``state = mean + D(feature)``, D a network of linear layers, each with SiLU and dropout.

    Args:
        in_channels: width of the feature, conditioning included.
        init: see `Regressor`.
        hidden_channels: widths of the hidden layers.
        dropout: dropout probability after each hidden layer.
        limits: see `Regressor`.

    Raises:
        ValueError: if there is no hidden layer.
    """

    def __init__(
        self,
        in_channels: int,
        init: Mapping[str, Tensor],
        hidden_channels: Sequence[int] = (1024, 1024),
        dropout: float = 0.1,
        limits: Limits | None = None,
    ) -> None:
        if not hidden_channels:
            raise ValueError(f'hidden_channels={hidden_channels}: expected at least one width.')
        super().__init__(init, hidden_channels[-1], limits)
        widths = [in_channels, *hidden_channels]
        self.trunk = nn.Sequential(
            *(
                layer
                for before, after in zip(widths, widths[1:])
                for layer in (nn.Linear(before, after), nn.SiLU(), nn.Dropout(dropout))
            )
        )

    def forward(self, feature: Tensor) -> dict[str, Tensor]:
        """One tensor (..., C_group) per group, of features (..., in_channels)."""
        return self.groups(self.step(self.mean_of(feature), self.trunk(feature)))
