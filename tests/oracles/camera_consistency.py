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
    """As printed: sum over ordered pairs of RoIs, mean over persons, sizes in pixels."""
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


def relative_consistency(cameras, rois, weights=(0.1, 0.1, 0.1)):
    """Mean over ordered pairs of different RoIs, sizes in units of the side of RoI 0."""
    per_person = []
    for cams, boxes in zip(np.asarray(cameras, float), np.asarray(rois, float)):
        terms = []
        for m in range(len(cams)):
            for n in range(len(cams)):
                if m != n:
                    lx, ly, ls = pair_terms(cams[m], boxes[m], cams[n], boxes[n])
                    parts = zip(weights, (lx, ly, ls / boxes[0][2] ** 2))
                    terms.append(sum(w * t for w, t in parts))
        per_person.append(np.mean(terms) if terms else 0.0)
    return float(np.mean(per_person))


def released_consistency(cameras, rois, weights=(0.1, 0.1)):
    """Pairs with RoI 0, sizes times 1e-4, mean over persons and RoIs."""
    terms = []
    for cams, boxes in zip(np.asarray(cameras, float), np.asarray(rois, float)):
        for n in range(len(cams)):
            lx, ly, _ = pair_terms(cams[0], boxes[0], cams[n], boxes[n])
            size = ((boxes[0][2] * cams[0][0] - boxes[n][2] * cams[n][0]) * 1e-4) ** 2
            terms.append(weights[0] * lx + weights[1] * ly + size)
    return float(np.mean(terms))
