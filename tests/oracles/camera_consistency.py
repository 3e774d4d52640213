"""Camera consistency loss, Eq. 16."""

from __future__ import annotations

import numpy as np


def pair_terms(cam_m, roi_m, cam_n, roi_n):
    """Lx, Ly, Ls of one ordered pair of RoIs."""
    s_m, tx_m, ty_m = cam_m
    s_n, tx_n, ty_n = cam_n
    cx_m, cy_m, b_m = roi_m
    cx_n, cy_n, b_n = roi_n
    lx = ((tx_m + 2 * cx_m / (b_m * s_m)) - (tx_n + 2 * cx_n / (b_n * s_n))) ** 2
    ly = ((ty_m + 2 * cy_m / (b_m * s_m)) - (ty_n + 2 * cy_n / (b_n * s_n))) ** 2
    return lx, ly, (b_m * s_m - b_n * s_n) ** 2


def camera_consistency(cameras, rois, weights=(0.1, 0.1, 1e-4), pairs='all'):
    """Sum over ordered pairs of RoIs, mean over persons: (N, M, 3), (N, M, 3) -> float."""
    per_person = []
    for cams, boxes in zip(np.asarray(cameras, float), np.asarray(rois, float)):
        total = 0.0
        for m in range(len(cams)):
            for n in range(len(cams)):
                if m == n or (pairs == 'anchor' and 0 not in (m, n)):
                    continue
                terms = pair_terms(cams[m], boxes[m], cams[n], boxes[n])
                total += sum(w * t for w, t in zip(weights, terms))
        per_person.append(total)
    return float(np.mean(per_person))
