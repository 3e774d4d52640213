"""HMR-style iterative regressor of one feature vector, in evaluation mode (no dropout)."""

from __future__ import annotations

import numpy as np


def linear(x, layer):
    """y = W x + b."""
    weight, bias = layer
    return np.asarray(weight, dtype=np.float64) @ x + np.asarray(bias, dtype=np.float64)


def iterative_regressor(feature, condition, initial, trunk, heads, num_iterations=3):
    """Residual updates of the state from its mean: returns the final state, a dict of vectors.

    Args:
        feature: (D,) fused feature.
        condition: (C,) numbers of `bbox_info`, possibly none.
        initial: name -> mean vector, in the order in which the state is concatenated.
        trunk: the fully connected layers, applied one after another.
        heads: name -> the layer that updates that part of the state.
    """
    state = {name: np.asarray(value, dtype=np.float64) for name, value in initial.items()}
    for _ in range(num_iterations):
        x = np.concatenate([feature, condition, *state.values()])
        for layer in trunk:
            x = linear(x, layer)
        state = {name: value + linear(x, heads[name]) for name, value in state.items()}
    return state
