"""Multi-RoI contrastive loss: v2 Eq. 17 (`negatives`) and v1 Eq. 7 (`all`)."""

from __future__ import annotations

import math

import numpy as np


def contrastive(z, temperature=0.5, denominator='negatives', reduction='mean', normalize=True):
    """Loss of z (N, M, D), one anchor at a time; 0 without positives or without negatives."""
    z = np.asarray(z, dtype=np.float64)
    N, M, _ = z.shape
    if normalize:
        z = np.array([[v / math.sqrt(v @ v) for v in person] for person in z])
    if M == 1 or (N == 1 and denominator == 'negatives'):
        return 0.0
    anchors = []
    for i in range(N):
        for m in range(M):
            D = 0.0
            for j in range(N):
                for n in range(M):
                    other = j != i if denominator == 'negatives' else (j, n) != (i, m)
                    if other:
                        D += math.exp(z[i, m] @ z[j, n] / temperature)
            logs = [
                math.log(math.exp(z[i, m] @ z[i, n] / temperature) / D) for n in range(M) if n != m
            ]
            anchors.append(-sum(logs) / (M - 1))
    return sum(anchors) if reduction == 'sum' else sum(anchors) / len(anchors)
