"""3D joints against the body that is annotated beside them: axes, signs and unit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from mroi_plugin.data_preparation.left_right import MIN_JOINTS, centered, without
from mroi_plugin.data_preparation.value_checks import check_left_right
from mroi_plugin.datasets.annotation_errors import Finding, findings_of

MAX_MISFIT = 0.35
"""Median distance of joints from those of the body, both about their mean, in units of the spread
of the body's: names of joints mean places a few centimeters apart in different data sets."""
MIN_MISFIT_M = 0.1
"""Of a body that is rolled up, too."""
SAME_SCALE = 1.25
"""Ratio of sizes up to which nothing is said of the unit."""


def check_solid(key: str, points: np.ndarray, reference: np.ndarray, of: str) -> list[Finding]:
    """See `check_left_right`, and of the others `check_frame`."""
    exchanged = check_left_right(key, points, reference, of)
    return [*exchanged, *check_frame(key, points, without(reference, exchanged), of)]


def check_frame(key: str, points: np.ndarray, reference: np.ndarray, of: str) -> list[Finding]:
    """3D joints must lie where the body's are, but for where it stands: axes and unit of a file.

    Args:
        key: key of the file.
        points: (N, K, 4) m, confidence last.
        reference: (N, K, 4) m, of the body, with the axes of the camera: x right, y down, z away.
        of: name of the reference.

    Returns:
        A finding, which names the axes and the scale that would correct it, if any do.
    """
    both = (points[..., 3] > 0) & (reference[..., 3] > 0)
    judged = both.sum(1) >= MIN_JOINTS
    given, wanted = (centered(array[..., :3], both) for array in (points, reference))
    spread = np.sqrt((wanted**2).sum((1, 2)) / both.sum(1).clip(1))
    limit = np.maximum(MAX_MISFIT * spread, MIN_MISFIT_M)
    misfit = _misfit(given, wanted, both)
    off = judged & (misfit > limit)
    if not off.any():
        return []
    remedy = _remedy(given[off], wanted[off], both[off], limit[off])
    return findings_of(
        key,
        off,
        f'lie {np.median(misfit[off]):.2g} m from {of} when both are moved together: expected '
        f'meters with the axes of the camera, x right, y down, z away{remedy}.',
        judged,
    )


def _misfit(given: np.ndarray, wanted: np.ndarray, known: np.ndarray) -> np.ndarray:
    distance = np.linalg.norm(given - wanted, axis=-1)
    return np.ma.median(np.ma.masked_array(distance, ~known), axis=1).filled(0)


def _turns() -> Iterator[tuple[str, np.ndarray]]:
    """All orders and signs of three axes, what is changed least first, and their matrices."""
    turns = [
        (order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
    ]
    for order, signs in sorted(turns, key=lambda t: (t[0] != (0, 1, 2), sum(s < 0 for s in t[1]))):
        told = ', '.join(f'{"-" if s < 0 else ""}{"xyz"[i]}' for i, s in zip(order, signs))
        yield told, np.eye(3)[list(order)] * np.array(signs)[:, None]


def _remedy(given: np.ndarray, wanted: np.ndarray, known: np.ndarray, limit: np.ndarray) -> str:
    """What most of the joints need, or nothing."""
    best, told = 0.5, ''
    for axes, matrix in _turns():
        turned = given @ matrix.T
        scale = (turned * wanted).sum() / max(float((turned**2).sum()), 1e-12)
        if scale <= 0:
            continue
        fits = float((_misfit(scale * turned, wanted, known) <= limit).mean())
        if fits > best + 0.05:
            parts = [] if axes == 'x, y, z' else [f'as ({axes})']
            if not 1 / SAME_SCALE < scale < SAME_SCALE:
                times = np.format_float_positional(scale, 3, fractional=False, trim='-')
                parts.append(f'{times} times as large')
            best, told = fits, f'; {" and ".join(parts)} they would fit' if parts else ''
    return told
