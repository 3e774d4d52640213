"""Worst error of the positional encoding, by exact rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import torch

from mroi_plugin.models.layers.positional_encoding import RoIPositionalEncoding


def exact_sin_cos(value: float, power: int) -> tuple[float, float]:
    """``sin(2^power pi value)`` and the cosine, reduced modulo 2 in fractions before rounding."""
    turns = Fraction(value) * 2**power % 2
    angle = float(turns if turns <= 1 else turns - 2) * math.pi
    return math.sin(angle), math.cos(angle)


def worst_encoding_error(device: torch.device, count: int = 10_000, num_freqs: int = 32) -> float:
    """Largest absolute error over random numbers and random frequencies.

    Args:
        device: where the encoding is computed.
        count: numbers tried, of all sizes up to 10.
        num_freqs: L.
    """
    generator = torch.Generator().manual_seed(0)
    size = torch.empty(count).uniform_(-6, 1, generator=generator)
    values = 10**size * torch.empty(count).uniform_(-1, 1, generator=generator)
    powers = torch.randint(num_freqs, (count,), generator=generator)
    encoded = RoIPositionalEncoding(num_freqs).to(device)(values.to(device)[:, None]).cpu()
    worst = 0.0
    for row, value, power in zip(encoded.double(), values.tolist(), powers.tolist()):
        sine, cosine = exact_sin_cos(value, power)
        found = row[1 + 2 * power : 3 + 2 * power].tolist()
        worst = max(worst, abs(found[0] - sine), abs(found[1] - cosine))
    return worst
