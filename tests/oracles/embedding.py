"""Contrastive embedding z = g(W . h) in training mode (batch statistics)."""

from __future__ import annotations

import math

import numpy as np


def batch_norm(rows, weight, bias, eps=1e-5):
    """BatchNorm over all rows of (B, D), biased variance."""
    rows = np.asarray(rows, dtype=np.float64)
    out = np.empty_like(rows)
    for d in range(rows.shape[1]):
        column = rows[:, d]
        std = math.sqrt(column.var() + eps)
        out[:, d] = (column - column.mean()) / std * weight[d] + bias[d]
    return out


def embed(h, gate, first, bn1, second, bn2):
    """All N * M rows of h (B, D): gate, then Linear - BatchNorm - ReLU - Linear - BatchNorm."""
    (wg, bg), (w1, b1), (w2, b2) = gate, first, second
    rows = []
    for row in np.asarray(h, dtype=np.float64):
        weight = 1 / (1 + np.exp(-(wg @ row + bg)))
        rows.append(w1 @ (weight * row) + b1)
    rows = np.maximum(batch_norm(rows, *bn1), 0)
    return batch_norm([w2 @ row + b2 for row in rows], *bn2)
