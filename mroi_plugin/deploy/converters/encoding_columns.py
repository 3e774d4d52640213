"""Order of the encoding's numbers in the released code and in ours."""

from __future__ import annotations

import torch
from torch import Tensor

SCALARS = 3


def encoding_order(num_freqs: int) -> Tensor:
    """For each of our numbers, its place in the released code's encoding of a RoI.

    Released: the three scalars, then for every frequency three sines and three cosines. Ours:
    scalar after scalar, each as p, sin, cos, sin, cos, ...

    Args:
        num_freqs: L.

    Returns:
        (3 (1 + 2 L)) indices.
    """
    order = []
    for scalar in range(SCALARS):
        order.append(scalar)
        for k in range(num_freqs):
            first = SCALARS + 2 * SCALARS * k + scalar
            order += [first, first + SCALARS]
    return torch.tensor(order)


def to_our_columns(weight: Tensor, in_channels: int) -> Tensor:
    """Columns of a layer on ``[h, encoding]`` for our order of the encoding.

    Args:
        weight: (H, D + 3 (1 + 2 L)).
        in_channels: D.

    Raises:
        ValueError: if the encoding's columns are not those of three scalars.
    """
    width = weight.shape[1] - in_channels
    if width < SCALARS or (width - SCALARS) % (2 * SCALARS):
        raise ValueError(
            f'{width} columns beside the {in_channels} of the feature: expected 3 (1 + 2 L).'
        )
    order = encoding_order((width - SCALARS) // (2 * SCALARS))
    return torch.cat([weight[:, :in_channels], weight[:, in_channels:][:, order]], dim=1)
