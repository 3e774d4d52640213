"""Differences between two rows of an ablation, person by person and seed by seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mroi_plugin.evaluation.files import PER_SAMPLE

DRAWS = 2000
LEVEL = 95.0
"""Percent of the draws that an interval holds."""


def read_people(folders: Sequence[Path], columns: Sequence[str]) -> dict[str, np.ndarray]:
    """Errors of every test person by the network of every seed, (S, N) by column, in the order of
    ``sample_idx``; NaN where one is unknown."""
    tables = [pd.read_csv(folder / PER_SAMPLE).sort_values('sample_idx') for folder in folders]
    return {name: np.stack([table[name].to_numpy(float) for table in tables]) for name in columns}


def paired_difference(errors: np.ndarray, reference: np.ndarray) -> tuple[float, float, float]:
    """Mean of ``errors - reference`` and its interval, by bootstrap over people and seeds.

    Both are resampled in every draw, a seed of the one together with the same seed of the other, so
    that the interval is of other people and other trainings. With few seeds it is rough; with one
    it is of the people alone.

    Args:
        errors: (S, N) of every seed and person.
        reference: likewise.

    Returns:
        Mean, lower and upper bound of the `LEVEL` percent interval.

    Raises:
        ValueError: if the two are not of the same seeds and people.
    """
    if errors.shape != reference.shape:
        raise ValueError(f'errors {errors.shape} and reference {reference.shape} do not pair.')
    differences = errors - reference
    differences = differences[:, np.isfinite(differences).all(0)]
    seeds, people = differences.shape
    rng = np.random.default_rng(0)
    means = np.empty(DRAWS)
    for i in range(DRAWS):
        by_person = differences[rng.integers(seeds, size=seeds)].mean(0)
        means[i] = by_person[rng.integers(people, size=people)].mean()
    low, high = np.percentile(means, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(differences.mean()), float(low), float(high)
