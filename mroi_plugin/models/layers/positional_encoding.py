"""Positional encoding of RoIs and the relation between two RoIs."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

RELATIONS = ('subtract_then_encode', 'encode_then_subtract', 'absolute', 'none')
ENCODINGS = ('exact', 'naive')


def sin_cos_of_pi(x: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    """``sin(2^k pi x)`` and ``cos(2^k pi x)`` to the last bits for any k.

    Multiplying by a power of two and reducing modulo 2 are exact in floating point, so that only
    the sine of an angle in [-pi, pi] is rounded; a naive ``sin(2**31 * pi * x)`` is rounding noise.

    Args:
        x: (...) numbers of float32 or float64.
        k: (L) powers ``2^k`` in the type of ``x``.

    Returns:
        Two tensors (..., L).
    """
    turns = torch.fmod(x[..., None] * k, 2.0)
    # (-2, 2) -> [-1, 1] keeps the angle: a whole turn is 2
    turns = torch.where(turns >= 1, turns - 2, torch.where(turns <= -1, turns + 2, turns))
    angle = math.pi * turns
    return torch.sin(angle), torch.cos(angle)


def naive_sin_cos_of_pi(x: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    """``sin(2^k pi x)`` and ``sin(2^k pi x + pi / 2)`` as the released code computes them.

    Beyond k = 20 or so they are rounding noise, of which only the same operator gives the same:
    ``phase + frequency * x`` in one ``addcmul``.

    Args:
        x: (...) numbers of float32.
        k: (L) powers ``2^k`` of float32.

    Returns:
        Two tensors (..., L).
    """
    phases = torch.arange(2, dtype=x.dtype, device=x.device) * (math.pi / 2)
    angles = torch.addcmul(phases, x[..., None, None], (math.pi * k)[:, None])
    return torch.sin(angles).unbind(-1)


class RoIPositionalEncoding(nn.Module):
    """``gamma(p) = (p, sin(2^0 pi p), cos(2^0 pi p), ..., sin(2^(L-1) pi p), cos(2^(L-1) pi p))``
    (Eq. 3).

    Always computed in float32 (float64 for float64 input), autocast or not.

    Args:
        num_freqs: number L of frequencies; 0 leaves ``p`` as it is.
        encoding: ``exact`` at every frequency, or ``naive``: the float32 sine of the released code,
            which its weights need; see `naive_sin_cos_of_pi`.

    Raises:
        ValueError: if ``num_freqs`` is not in 0..100, beyond which float32 would overflow, or
            ``encoding`` is unknown.
    """

    def __init__(self, num_freqs: int = 32, encoding: str = 'exact') -> None:
        super().__init__()
        if not 0 <= num_freqs <= 100:
            raise ValueError(f'num_freqs={num_freqs}: expected 0..100 frequencies.')
        if encoding not in ENCODINGS:
            raise ValueError(f'encoding={encoding!r}: expected one of {", ".join(ENCODINGS)}.')
        self.num_freqs = num_freqs
        self.kind = encoding
        # 2^k as two integers, so that model.half() cannot round them; not a parameter of any
        # checkpoint.
        halves = [(2 ** (k // 2), 2 ** (k - k // 2)) for k in range(num_freqs)]
        powers = torch.tensor(halves, dtype=torch.int64).reshape(-1, 2)
        self.register_buffer('powers', powers, persistent=False)

    def out_channels(self, in_channels: int = 3) -> int:
        """Numbers per RoI after encoding: ``in_channels * (1 + 2 L)``."""
        return in_channels * (1 + 2 * self.num_freqs)

    def forward(self, bbox_info: Tensor) -> Tensor:
        """Encode every number of ``bbox_info``.

        Args:
            bbox_info: (..., 3) unitless.

        Returns:
            (..., 3 * (1 + 2 L)): scalar after scalar; per scalar p, sin, cos, sin, cos, ..., lowest
            frequency first.
        """
        exact = self.kind == 'exact'
        p = bbox_info if exact and bbox_info.dtype == torch.float64 else bbox_info.float()
        if self.num_freqs == 0:
            return p
        powers = self.powers.to(p.dtype).prod(-1)
        sin_cos = sin_cos_of_pi if exact else naive_sin_cos_of_pi
        waves = torch.stack(sin_cos(p, powers), dim=-1).flatten(-2)
        return torch.cat([p[..., None], waves], dim=-1).flatten(-2)


class RoIRelation(nn.Module):
    """Relation ``gamma_mn`` of RoI n to RoI m, input of the fusion (Eq. 2; v2 Table 5).

    - ``subtract_then_encode``: ``gamma(B_m - B_n)`` (released code)
    - ``encode_then_subtract``: ``gamma(B_m) - gamma(B_n)`` (as printed)
    - ``absolute``: ``gamma(B_n)``
    - ``none``: nothing

    Args:
        kind: one of the four above.
        num_freqs: frequencies of the positional encoding.
        encoding: of `RoIPositionalEncoding`.

    Raises:
        ValueError: if ``kind`` is unknown.
    """

    def __init__(
        self, kind: str = 'subtract_then_encode', num_freqs: int = 32, encoding: str = 'exact'
    ) -> None:
        super().__init__()
        if kind not in RELATIONS:
            raise ValueError(f'relation={kind!r}: expected one of {", ".join(RELATIONS)}.')
        self.kind = kind
        self.encoding = RoIPositionalEncoding(num_freqs, encoding)
        self.out_channels = 0 if kind == 'none' else self.encoding.out_channels()

    def forward(self, bbox_info: Tensor) -> Tensor:
        """Relate every RoI to every other.

        Args:
            bbox_info: (N, M, 3) unitless.

        Returns:
            (N, M, M, E) with entry [i, m, n] describing n seen from m; E = ``out_channels``.
        """
        n, m, _ = bbox_info.shape
        if self.kind == 'subtract_then_encode':
            return self.encoding(bbox_info[:, :, None] - bbox_info[:, None])
        if self.kind == 'none':
            return bbox_info.new_zeros(n, m, m, 0)
        encoded = self.encoding(bbox_info)
        if self.kind == 'absolute':
            return encoded[:, None].expand(n, m, m, -1)
        return encoded[:, :, None] - encoded[:, None]
