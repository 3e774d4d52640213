"""Positional encoding of one scalar, with the phase reduced in exact rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np


def sin_cos_pi(phase):
    """sin and cos of `pi * phase` for an exact rational phase, correctly reduced first."""
    reduced = phase % 2
    octant = math.floor(reduced * 2)  # quarter turns
    rest = float(reduced - Fraction(octant, 2)) * math.pi
    sine, cosine = math.sin(rest), math.cos(rest)
    return [(sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine)][octant]


def encode_scalar(p, num_freqs):
    """gamma(p) = (p, sin(2^0 pi p), cos(2^0 pi p), ..., sin(2^(L-1) pi p), cos(2^(L-1) pi p))."""
    exact = Fraction(float(p))  # a float is a rational number: nothing is lost
    code = [float(p)]
    for k in range(num_freqs):
        code.extend(sin_cos_pi(exact * 2**k))
    return code


def encode(bbox_info, num_freqs):
    """gamma of each of the three numbers, one scalar after another: (3,) -> (3 * (1 + 2 L),)."""
    return np.array([c for p in bbox_info for c in encode_scalar(p, num_freqs)])
