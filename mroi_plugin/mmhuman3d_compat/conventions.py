"""Keypoint conventions, as mmhuman3d defines them."""

from __future__ import annotations

from functools import cache

import numpy as np

from mroi_plugin.mmhuman3d_compat.loading import host_module

MAPPING = 'mmhuman3d.core.conventions.keypoints_mapping'
"""Module of mmhuman3d with the names of joints, and how one convention becomes another."""


@cache
def keypoint_names(convention: str) -> tuple[str, ...]:
    """Names of the joints of a convention, in order.

    Raises:
        ValueError: if mmhuman3d does not know the convention.
    """
    known = host_module(MAPPING).KEYPOINTS_FACTORY
    if convention not in known:
        raise ValueError(
            f'convention={convention!r} is unknown to mmhuman3d; expected one of '
            f'{", ".join(sorted(known))}.'
        )
    return tuple(known[convention])


@cache
def flip_permutation(convention: str) -> np.ndarray:
    """Order (K) of the joints after a left-right mirror, read-only: joint k of the mirrored person
    was ``order[k]``."""
    order = np.arange(len(keypoint_names(convention)))
    for left, right in host_module(MAPPING).get_flip_pairs(convention):
        order[left], order[right] = right, left
    order.flags.writeable = False
    return order


def from_human_data(keypoints: np.ndarray, mask: np.ndarray, convention: str) -> np.ndarray:
    """Keypoints of the ``human_data`` convention in another one, confidence 0 where there is none.

    Args:
        keypoints: (N, 190, C) coordinates and, last, confidence.
        mask: (190) 1 where the data set annotates the joint at all.
        convention: the convention wanted.

    Returns:
        (N, K, C) float32; NaN coordinates become 0 with confidence 0.

    Raises:
        ValueError: if mmhuman3d does not know the convention.
    """
    keypoint_names(convention)  # refuses one that is unknown
    converted, valid = host_module(MAPPING).convert_kps(
        keypoints, src='human_data', dst=convention, mask=mask
    )
    converted = np.asarray(converted, np.float32)
    unknown = (np.asarray(valid) == 0)[None] | ~np.isfinite(converted).all(-1)
    converted[unknown] = 0
    return converted
