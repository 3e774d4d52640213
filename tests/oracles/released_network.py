"""The head of the released code, literally: its names and layouts, one person at a time.

Everything but the positional encoding is in float64; that is in float32, whose rounding noise at
high frequencies the released weights were trained with.
"""

from __future__ import annotations

import numpy as np
import torch


def encode(box, weights):
    """[x (3), then per frequency sin (3), cos (3)] of one RoI, a cosine as sin(. + pi / 2).

    With the released code's own operators: how a platform rounds `phase + x * frequency`, once or
    twice, is all there is at high frequencies.
    """
    box = torch.tensor(box, dtype=torch.float32)
    frequencies, phases = (
        torch.tensor(weights[f'pos_enc._{name}']).reshape(-1, 1) for name in ('freqs', 'phases')
    )
    waves = torch.sin(torch.addcmul(phases, box.expand(len(phases), 3), frequencies))
    return np.concatenate([box.numpy(), waves.numpy().ravel()]).astype(np.float64)


def linear(x, weights, name):
    """One layer by its name in the checkpoint."""
    return weights[f'{name}.weight'] @ x + weights.get(f'{name}.bias', 0.0)


def fuse(h, boxes, weights):
    """Fused features u_m: pair embeddings of RoI m, three layers with tanh, softmax."""
    fused = []
    boxes = np.asarray(boxes, np.float32)
    for m in range(len(h)):
        pairs = [
            linear(np.concatenate([h[n], encode(boxes[m] - boxes[n], weights)]), weights, 'fuse_fc')
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


def normalize(x, weights, name, eps=1e-5):
    """Batch normalization by running statistics, as in evaluation."""
    mean, variance = weights[f'{name}.running_mean'], weights[f'{name}.running_var']
    return (x - mean) / np.sqrt(variance + eps) * weights[f'{name}.weight'] + weights[
        f'{name}.bias'
    ]


def embed(h, weights):
    """Embedding of one feature: gate sigmoid(relu(h)) without a layer, then two layers."""
    x = h / (1 + np.exp(-np.maximum(h, 0)))
    x = np.maximum(normalize(linear(x, weights, 'proj_head.0'), weights, 'proj_head.1'), 0)
    return normalize(linear(x, weights, 'proj_head.3'), weights, 'proj_head.4')


def rotations(pose):
    """24 rotation matrices of 144 numbers: each six are a 3 x 2 matrix of two columns."""
    matrices = []
    for first, second in np.reshape(pose, (24, 3, 2)).transpose(0, 2, 1):
        x = first / np.linalg.norm(first)
        y = second - (x @ second) * x
        y = y / np.linalg.norm(y)
        matrices.append(np.stack([x, y, np.cross(x, y)], axis=1))
    return np.array(matrices)


def head(h, boxes, weights):
    """Outputs of one person: body of RoI 0, cameras and embeddings of all.

    Args:
        h: (M, D) features.
        boxes: (M, 3) bbox_info.
        weights: arrays by the names of the checkpoint.
    """
    fused = fuse(h, boxes, weights)
    states = [decode(u, boxes, weights) for u in fused]
    return {
        'fused': fused,
        'pred_pose': rotations(states[0][0]),
        'pred_betas': states[0][1],
        'pred_cam': np.array([state[2] for state in states]),
        'embeddings': np.array([embed(feature, weights) for feature in h]),
    }
