"""Gated embedding of RoI features for the contrastive loss; used in training only."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mroi_plugin.models.layers.rank_batch_norm import RankBatchNorm1d
from mroi_plugin.registry import MODELS, register

GATES = ('sigmoid', 'sigmoid_relu')


@register(MODELS, mmhuman3d='HEADS')
class ContrastiveEmbedding(nn.Module):
    """``z = g(W . h)`` with a gate W, ``sigmoid(Linear(h))`` (v1 Eq. 6) or ``sigmoid(relu(h))``.

    ``g`` is SimCLR's ``Linear - BatchNorm - ReLU - Linear - BatchNorm``; its second ``Linear``
    needs no bias before a ``BatchNorm``. In distributed training these normalize over all ranks.

    Args:
        in_channels: D.
        gate: ``sigmoid``: ``sigmoid(Linear(h))`` (papers); ``sigmoid_relu``: ``sigmoid(relu(h))``,
            without a layer (released code).

    Raises:
        ValueError: if ``gate`` is unknown.
    """

    def __init__(self, in_channels: int, gate: str = 'sigmoid') -> None:
        super().__init__()
        if gate not in GATES:
            raise ValueError(f'gate={gate!r}: expected one of {", ".join(GATES)}.')
        self.gate = nn.ReLU() if gate == 'sigmoid_relu' else nn.Linear(in_channels, in_channels)
        self.project = nn.Sequential(
            nn.Linear(in_channels, in_channels),
            RankBatchNorm1d(in_channels),
            nn.ReLU(),
            nn.Linear(in_channels, in_channels, bias=False),
            RankBatchNorm1d(in_channels),
        )

    def forward(self, h: Tensor) -> Tensor:
        """Embed RoI features h (N, M, D); returns z (N, M, D), not normalized."""
        gated = torch.sigmoid(self.gate(h)) * h
        return self.project(gated.flatten(0, 1)).unflatten(0, h.shape[:2])
