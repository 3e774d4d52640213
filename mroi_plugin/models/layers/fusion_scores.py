"""The ways to weigh the RoIs of a person against each other, one small module each.

Every strategy is called with the features ``h`` (N, M, D) and the relations ``gamma`` (N, M, M, E),
and returns the fused features (N, M, D) and the weights (N, M, M).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PairLinear(nn.Linear):
    """``Linear(D + E -> H)`` on ``[h_n, gamma_mn]`` for every pair without building the pairs.

    ``W [h; gamma] + a = W_h h + (W_gamma gamma + a)``: the wide product runs once per RoI, not per
    pair.

    Args:
        in_channels: D.
        relation_channels: E.
        out_channels: H.
    """

    def __init__(self, in_channels: int, relation_channels: int, out_channels: int) -> None:
        super().__init__(in_channels + relation_channels, out_channels)
        self.split = in_channels

    def forward(self, h: Tensor, gamma: Tensor) -> Tensor:
        """Apply to h (N, M, D) and gamma (N, M, M, E); returns (N, M, M, H), [i, m, n] for the
        pair."""
        of_feature = F.linear(h, self.weight[:, : self.split], self.bias)
        of_relation = F.linear(gamma.to(h.dtype), self.weight[:, self.split :])
        return of_feature[:, None] + of_relation


class _SoftmaxFusion(nn.Module):
    """``u_m = sum_n softmax_n(logits_mn) h_n``; subclasses give the logits."""

    def logits(self, h: Tensor, gamma: Tensor) -> Tensor:
        """Scores (N, M, M) of features (N, M, D) under relations (N, M, M, E)."""
        raise NotImplementedError

    def forward(self, h: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
        """Fused features (N, M, D) and weights (N, M, M) of ``h`` and ``gamma``."""
        weights = self.logits(h, gamma).softmax(dim=-1)
        return torch.matmul(weights.to(h.dtype), h), weights


class MLPScore(_SoftmaxFusion):
    """Score of the released code: the M pair embeddings of RoI m are scored jointly.

    ``Linear(D+E -> H)`` per n, concatenated,
    ``Linear(HM -> H)-Tanh-Linear(H -> H)-Tanh-Linear(H -> M)-Tanh``.
    """

    def __init__(
        self, in_channels: int, relation_channels: int, num_rois: int, hidden: int
    ) -> None:
        super().__init__()
        self.num_rois = num_rois
        self.embed = PairLinear(in_channels, relation_channels, hidden)
        self.mlp = nn.Sequential(
            nn.Linear(hidden * num_rois, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, num_rois),
            nn.Tanh(),
        )

    def logits(self, h: Tensor, gamma: Tensor) -> Tensor:
        """Scores (N, M, M) of features (N, M, D) under relations (N, M, M, E)."""
        if h.shape[1] != self.num_rois:
            raise ValueError(
                f"score='mlp' was built for num_rois={self.num_rois} and got {h.shape[1]} RoIs: "
                "set num_rois of the head to the M of the pipeline, or use score='pair_mlp'."
            )
        return self.mlp(self.embed(h, gamma).flatten(-2))


class PairMLPScore(_SoftmaxFusion):
    """``Linear(D+E -> H)-Tanh-Linear(H -> 1)`` for each pair: any M, permutation equivariant."""

    def __init__(
        self, in_channels: int, relation_channels: int, num_rois: int, hidden: int
    ) -> None:
        super().__init__()
        self.embed = PairLinear(in_channels, relation_channels, hidden)
        self.score = nn.Linear(hidden, 1)

    def logits(self, h: Tensor, gamma: Tensor) -> Tensor:
        """Scores (N, M, M) of features (N, M, D) under relations (N, M, M, E)."""
        return self.score(torch.tanh(self.embed(h, gamma))).squeeze(-1)


class LinearScore(_SoftmaxFusion):
    """``Linear(D+E -> 1)`` for each pair, as printed in the papers: any M, permutation
    equivariant."""

    def __init__(
        self, in_channels: int, relation_channels: int, num_rois: int, hidden: int
    ) -> None:
        super().__init__()
        self.embed = PairLinear(in_channels, relation_channels, 1)

    def logits(self, h: Tensor, gamma: Tensor) -> Tensor:
        """Scores (N, M, M) of features (N, M, D) under relations (N, M, M, E)."""
        return self.embed(h, gamma).squeeze(-1)


class SelfAttentionFusion(nn.Module):
    """4-head attention over the RoIs (v2 Fig. 8): query and key see feature and position, value the
    feature.

    ``u = LayerNorm(W_o attention(W_q [h, gamma], W_k [h, gamma], W_v h))``; the weights returned
    are the mean over the heads.

    Raises:
        ValueError: if ``in_channels`` is not a multiple of the 4 heads.
    """

    num_heads = 4

    def __init__(
        self, in_channels: int, relation_channels: int, num_rois: int, hidden: int
    ) -> None:
        super().__init__()
        if in_channels % self.num_heads:
            raise ValueError(
                f"score='self_attention' with in_channels={in_channels}: expected a multiple of "
                f'{self.num_heads}, the number of heads.'
            )
        self.query = nn.Linear(in_channels + relation_channels, in_channels)
        self.key = nn.Linear(in_channels + relation_channels, in_channels)
        self.value = nn.Linear(in_channels, in_channels)
        self.project = nn.Linear(in_channels, in_channels)
        self.norm = nn.LayerNorm(in_channels)

    def _heads(self, x: Tensor) -> Tensor:
        heads = x.reshape(*x.shape[:-1], self.num_heads, -1)
        return heads.transpose(1, 2)  # (N, heads, M, D / heads)

    def forward(self, h: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
        """Fused features (N, M, D) and weights (N, M, M) of ``h`` and ``gamma``."""
        tokens = torch.cat([h, gamma[:, 0].to(h.dtype)], dim=-1)  # absolute: equal for every m
        query, key = self._heads(self.query(tokens)), self._heads(self.key(tokens))
        logits = torch.matmul(query, key.transpose(-1, -2)) / query.shape[-1] ** 0.5
        weights = logits.softmax(dim=-1)
        mixed = torch.matmul(weights.to(h.dtype), self._heads(self.value(h)))
        fused = self.norm(self.project(mixed.transpose(1, 2).flatten(-2)))
        return fused, weights.mean(dim=1)


class NoFusion(nn.Module):
    """``u_m = h_m``."""

    def __init__(
        self, in_channels: int, relation_channels: int, num_rois: int, hidden: int
    ) -> None:
        super().__init__()

    def forward(self, h: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
        """Fused features (N, M, D) and weights (N, M, M) of ``h`` and ``gamma``."""
        n, m, _ = h.shape
        return h, torch.eye(m, dtype=h.dtype, device=h.device).expand(n, m, m)


SCORES = {
    'mlp': MLPScore,
    'pair_mlp': PairMLPScore,
    'linear': LinearScore,
    'self_attention': SelfAttentionFusion,
    'none': NoFusion,
}
