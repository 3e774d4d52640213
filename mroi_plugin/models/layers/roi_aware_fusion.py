"""RoI-aware feature fusion (Eq. 4): one entry point over the score strategies."""

from __future__ import annotations

import warnings

from torch import Tensor, nn

from mroi_plugin.models.layers.fusion_scores import SCORES
from mroi_plugin.models.layers.positional_encoding import RoIRelation
from mroi_plugin.registry import MODELS, register

DEGENERATE = (
    "RoIAwareFusion(score='linear', relation={relation!r}, num_freqs={num_freqs}): the part of the "
    'score that depends on RoI m is the same for every RoI n, the softmax over n cancels it, and '
    'all M fused features of a person are equal: no RoI-specific feature is left. Use '
    "relation='subtract_then_encode' with num_freqs > 0, or score='mlp' or 'pair_mlp'."
)


@register(MODELS, mmhuman3d='HEADS')
class RoIAwareFusion(nn.Module):
    """``u_m = sum_n w_mn h_n`` with ``w_m. = softmax_n(score(h_n, gamma_mn))`` (Eq. 4).

    Args:
        in_channels: D, width of the RoI features.
        num_rois: M. The score ``mlp`` is built for exactly this M; the others accept any.
        score: ``mlp`` (released code), ``pair_mlp``, ``linear`` (as printed), ``self_attention`` or
            ``none`` (``u_m = h_m``); see `mroi_plugin.models.layers.fusion_scores`.
        relation: see `mroi_plugin.models.layers.positional_encoding.RoIRelation`.
        num_freqs: L, frequencies of the positional encoding.
        hidden_channels: width of the hidden layers of ``mlp`` and ``pair_mlp``.
        encoding: ``exact``, or ``naive`` for weights of the released code; see
            `mroi_plugin.models.layers.positional_encoding.RoIPositionalEncoding`.

    Raises:
        ValueError: for an unknown option or a relation that the score cannot use.
    """

    def __init__(
        self,
        in_channels: int,
        num_rois: int,
        score: str = 'mlp',
        relation: str = 'subtract_then_encode',
        num_freqs: int = 32,
        hidden_channels: int = 256,
        encoding: str = 'exact',
    ) -> None:
        super().__init__()
        if score not in SCORES:
            raise ValueError(f'score={score!r}: expected one of {", ".join(SCORES)}.')
        if num_rois < 1:
            raise ValueError(f'num_rois={num_rois}: expected at least 1.')
        if score == 'self_attention' and relation != 'absolute':
            raise ValueError(
                f"score='self_attention' with relation={relation!r}: its tokens carry absolute "
                "positions, set relation='absolute'."
            )
        if score == 'linear' and (relation != 'subtract_then_encode' or num_freqs == 0):
            warnings.warn(DEGENERATE.format(relation=relation, num_freqs=num_freqs), stacklevel=2)
        self.num_rois = num_rois
        self.relation = RoIRelation('none' if score == 'none' else relation, num_freqs, encoding)
        self.strategy = SCORES[score](
            in_channels, self.relation.out_channels, num_rois, hidden_channels
        )

    def forward(self, h: Tensor, bbox_info: Tensor) -> tuple[Tensor, Tensor]:
        """Fuse the RoI features of each person.

        Args:
            h: (N, M, D) features of the RoIs.
            bbox_info: (N, M, 3) unitless, see `mroi_plugin.cameras.encode_bbox_info`.

        Returns:
            Fused features (N, M, D) and weights (N, M, M) whose rows sum to 1.

        Raises:
            ValueError: if ``h`` and ``bbox_info`` disagree, or the score was built for another M.
        """
        if h.shape[:2] != bbox_info.shape[:2]:
            raise ValueError(
                f'features are (N, M, D) = {tuple(h.shape)} but bbox_info is '
                f'{tuple(bbox_info.shape)}: the first two must agree.'
            )
        return self.strategy(h, self.relation(bbox_info))
