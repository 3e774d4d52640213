"""Similarity alignment of two point sets by SVD, and the errors that the papers report."""

from __future__ import annotations

import numpy as np


def align(source, target):
    """The similarity s R x + t (det R = +1) of (K, 3) `source` that is nearest to `target`."""
    mu_s, mu_t = source.mean(0), target.mean(0)
    a, b = source - mu_s, target - mu_t
    U, S, Vt = np.linalg.svd(b.T @ a)
    D = np.diag([1.0, 1.0, np.sign(np.linalg.det(U) * np.linalg.det(Vt))])
    R = U @ D @ Vt
    scale = np.trace(np.diag(S) @ D) / (a**2).sum()
    return scale * (R @ a.T).T + mu_t


def mean_distance(a, b):
    """Mean Euclidean distance of two (K, 3) arrays."""
    return float(np.mean([np.sqrt(((p - q) ** 2).sum()) for p, q in zip(a, b)]))


def pa_mpjpe(pred, target):
    """PA-MPJPE of each frame: (N, K, 3), (N, K, 3) -> (N,), in the unit of the input."""
    pred, target = np.asarray(pred, dtype=np.float64), np.asarray(target, dtype=np.float64)
    return np.array([mean_distance(align(p, t), t) for p, t in zip(pred, target)])


def mpjpe(pred, target, pred_root, target_root):
    """Root-aligned mean joint error of each frame."""
    frames = zip(pred, target, pred_root, target_root)
    return np.array([mean_distance(p - pr, t - tr) for p, t, pr, tr in frames])


def camera_residual_px(pixels):
    """Mean over ordered pairs (m != n) and joints of the distance in px: (M, K, 2) -> float."""
    distances = []
    for m in range(len(pixels)):
        for n in range(len(pixels)):
            if m != n:
                distances += [np.hypot(*(p - q)) for p, q in zip(pixels[m], pixels[n])]
    return float(np.mean(distances)) if distances else float('nan')
