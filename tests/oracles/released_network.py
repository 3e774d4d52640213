"""The head of the released code, literally: its names and layouts, one person at a time."""

from __future__ import annotations

import math

import numpy as np


def encode(box, num_freqs):
    """[x (3), then per frequency sin (3), cos (3)] of one RoI."""
    box = np.asarray(box, np.float64)
    parts = [box]
    for k in range(num_freqs):
        parts += [np.sin(2.0**k * math.pi * box), np.cos(2.0**k * math.pi * box)]
    return np.concatenate(parts)


def linear(x, weights, name):
    """One layer by its name in the checkpoint."""
    return weights[f'{name}.weight'] @ x + weights.get(f'{name}.bias', 0.0)


def fuse(h, boxes, weights, num_freqs):
    """Fused features u_m: pair embeddings of RoI m, three layers with tanh, softmax."""
    fused = []
    for m in range(len(h)):
        pairs = [
            linear(
                np.concatenate([h[n], encode(boxes[m] - boxes[n], num_freqs)]), weights, 'fuse_fc'
            )
            for n in range(len(h))
        ]
        x = np.concatenate(pairs)
        for layer in ('attention.0', 'attention.2', 'attention.4'):
            x = np.tanh(linear(x, weights, layer))
        x = np.exp(x - x.max())
        fused.append(sum(w * feature for w, feature in zip(x / x.sum(), h)))
    return np.array(fused)


def decode(u, boxes, weights, num_iterations=3):
    """Pose (144), shape (10) and camera (3) of one fused feature; all boxes condition it."""
    state = [np.ravel(weights[f'init_{name}']) for name in ('pose', 'shape', 'cam')]
    for _ in range(num_iterations):
        x = np.concatenate([u, np.ravel(boxes), *state])
        x = linear(linear(x, weights, 'fc1'), weights, 'fc2')
        steps = (linear(x, weights, name) for name in ('decpose', 'decshape', 'deccam'))
        state = [value + step for value, step in zip(state, steps)]
    return state
