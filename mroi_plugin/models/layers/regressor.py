"""What all decoders have in common: a mean state, steps from it, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mroi_plugin.utils.precision import at_least_float32

Limits = Mapping[str, Sequence[Tensor]]


class Regressor(nn.Module):
    """A state of named groups of numbers, which a hidden feature moves away from its mean.

    Subclasses compute hidden features (..., C) of features (..., in_channels).

    Args:
        init: mean of every group by name, each (C_group); e.g. pose 144, betas 10, cam 3. It is
            part of checkpoints.
        hidden_channels: C.
        limits: by group, ``(low, high)`` of its numbers, each (C_group); none for other groups.
    """

    def __init__(
        self, init: Mapping[str, Tensor], hidden_channels: int, limits: Limits | None = None
    ) -> None:
        super().__init__()
        self.sizes = {name: mean.numel() for name, mean in init.items()}
        mean = torch.cat([mean.reshape(-1).float() for mean in init.values()])
        self.register_buffer('mean_state', mean)
        bounds = [
            (limits or {}).get(name, torch.tensor([[-torch.inf], [torch.inf]]).expand(2, size))
            for name, size in self.sizes.items()
        ]
        for name, parts in zip(('low', 'high'), zip(*bounds)):
            self.register_buffer(name, torch.cat(parts), persistent=False)
        self.decode = nn.ModuleDict(
            {name: nn.Linear(hidden_channels, size) for name, size in self.sizes.items()}
        )
        for layer in self.decode.values():
            nn.init.xavier_uniform_(layer.weight, gain=0.01)

    def mean_of(self, feature: Tensor) -> Tensor:
        """The mean state (..., S) for features (..., in_channels), in float32 at least.

        In bfloat16 the steps of a state would be 0.4 %.
        """
        mean = self.mean_state.to(at_least_float32(feature).dtype)
        return mean.expand(*feature.shape[:-1], -1)

    def step(self, state: Tensor, hidden: Tensor) -> Tensor:
        """State (..., S) after a step by hidden features (..., C), within the limits.

        A number beyond its limit keeps its gradient, and so returns.
        """
        moved = state + torch.cat([layer(hidden) for layer in self.decode.values()], dim=-1)
        limited = moved.clamp(self.low, self.high)
        if not torch.is_grad_enabled():
            return limited
        return limited.detach() + (moved - moved.detach())

    def groups(self, state: Tensor) -> dict[str, Tensor]:
        """A state (..., S) as one tensor (..., C_group) per group."""
        return dict(zip(self.sizes, state.split(list(self.sizes.values()), dim=-1)))
