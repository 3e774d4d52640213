"""Iterative regressors in the manner of HMR: from the mean parameters in three residual steps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mroi_plugin.utils.precision import at_least_float32


def rotation_6d_to_matrix(x: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of SPIN's 6D representation (..., 6) (Zhou et al., CVPR 2019).

    ``x.view(3, 2)`` holds the first two *columns*, which Gram-Schmidt makes orthonormal. By hand:
    `roma.special_gramschmidt`, equal to it, fixes the batch size of an exported ONNX graph.
    """
    first, second = x.unflatten(-1, (3, 2)).unbind(-1)
    first = F.normalize(first, dim=-1)
    second = F.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1)
    return torch.stack([first, second, torch.cross(first, second, dim=-1)], dim=-1)


def _gradient_of(x: Tensor) -> Tensor:
    """Zero with the gradient of ``x``."""
    return x - x.detach()


class IterativeRegressor(nn.Module):
    """Residual regression ``state <- state + D([feature, state])`` from a mean state (HMR, Sec.
    3.2).

    Args:
        in_channels: width of the feature, conditioning included.
        init: mean of every group of the state by name, each (C_group); e.g. pose 144, betas 10, cam
            3.
        hidden_channels: widths of the two hidden layers.
        num_iters: number of residual steps.
        dropout: dropout probability after either hidden layer.
        limits: by group, ``(low, high)`` of its numbers, each (C_group). Every step ends within
            them, since the next one sees its result and would make it larger still; a number
            outside of them keeps its gradient, and so returns.

    Raises:
        ValueError: if ``num_iters`` is not positive.
    """

    def __init__(
        self,
        in_channels: int,
        init: dict[str, Tensor],
        hidden_channels: tuple[int, int] = (1024, 1024),
        num_iters: int = 3,
        dropout: float = 0.5,
        limits: dict[str, Sequence[Tensor]] | None = None,
    ) -> None:
        super().__init__()
        if num_iters < 1:
            raise ValueError(f'num_iters={num_iters}: expected at least 1 step.')
        first, second = hidden_channels
        self.num_iters = num_iters
        self.groups = list(init)
        self.sizes = [init[name].numel() for name in self.groups]
        mean = torch.cat([init[name].reshape(-1).float() for name in self.groups])
        self.register_buffer('mean_state', mean)
        bounds = [(limits or {}).get(name, _no_limits(init[name])) for name in self.groups]
        for name, parts in zip(('low', 'high'), zip(*bounds)):
            self.register_buffer(name, torch.cat(parts), persistent=False)
        self.fc1 = nn.Linear(in_channels + mean.numel(), first)
        self.fc2 = nn.Linear(first, second)
        self.dropout = nn.Dropout(dropout)
        self.decode = nn.ModuleDict(
            {name: nn.Linear(second, size) for name, size in zip(self.groups, self.sizes)}
        )
        for layer in self.decode.values():
            nn.init.xavier_uniform_(layer.weight, gain=0.01)

    def forward(self, feature: Tensor) -> dict[str, Tensor]:
        """Regress every group.

        Args:
            feature: (..., in_channels).

        Returns:
            One tensor (..., C_group) per group.
        """
        # The state stays in float32: in bfloat16 its steps would be 0.4 %.
        state = self.mean_state.to(at_least_float32(feature).dtype)
        state = state.expand(*feature.shape[:-1], -1)
        seen = state
        for _ in range(self.num_iters):
            x = self.dropout(self.fc1(torch.cat([feature, seen.to(feature.dtype)], dim=-1)))
            x = self.dropout(self.fc2(x))
            step = torch.cat([self.decode[name](x) for name in self.groups], dim=-1)
            seen = (state + step).clamp(self.low, self.high)
            state = seen.detach() + _gradient_of(state + step)
        return dict(zip(self.groups, state.split(self.sizes, dim=-1)))


def _no_limits(group: Tensor) -> tuple[Tensor, Tensor]:
    infinite = torch.full((group.numel(),), torch.inf)
    return -infinite, infinite
