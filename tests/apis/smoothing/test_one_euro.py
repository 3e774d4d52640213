"""The filter against a float64 loop of the paper's scalar; rotations along geodesics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mroi_plugin.apis.smoothing.one_euro import ROTATIONS, OneEuroFilter


def naive(values, times, min_cutoff, slope):
    """Casiez et al., algorithm 1, of numbers; the speed is that of the measured ones."""

    def share(cutoff, dt):
        return 1 / (1 + 1 / (2 * math.pi * cutoff) / dt)

    out, speed = [values[0]], 0.0
    for i in range(1, len(values)):
        dt = times[i] - times[i - 1]
        now = (values[i] - values[i - 1]) / dt
        speed = share(1.0, dt) * now + (1 - share(1.0, dt)) * speed
        a = share(min_cutoff + slope * abs(speed), dt)
        out.append(a * values[i] + (1 - a) * out[-1])
    return np.array(out)


@pytest.fixture
def series():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.01, 0.1, 60))
    return times, np.cumsum(rng.normal(0, 0.2, 60))


def run(filtered, values, times):
    return np.stack([filtered(v, dt) for v, dt in zip(values, np.diff(times, prepend=0))])


def test_numbers_at_uneven_times(series):
    times, values = series
    found = run(OneEuroFilter(1.5, 0.7), values[:, None], times)[:, 0]
    np.testing.assert_allclose(found, naive(values, times, 1.5, 0.7), rtol=1e-12)


def test_turns_about_one_axis_are_numbers(series):
    """Also beyond half a turn, where rotation vectors jump; other joints do not matter."""
    times, angles = series
    angles = 3 * angles
    axis = np.array([1.0, 2, -2]) / 3
    turns = Rotation.from_rotvec(angles[:, None] * axis).as_matrix()
    other = Rotation.random(60, random_state=0).as_matrix()
    found = run(OneEuroFilter(2, 0.5, ROTATIONS), np.stack([turns, other], 1), times)
    expected = Rotation.from_rotvec(naive(angles, times, 2, 0.5)[:, None] * axis)
    np.testing.assert_allclose(found[:, 0], expected.as_matrix(), atol=1e-9)


def test_it_does_not_depend_on_the_axes(series):
    """Turning the world turns what comes out."""
    times, _ = series
    steps = Rotation.from_rotvec(np.random.default_rng(0).normal(0, 0.3, (60, 3)))
    turns, world = [Rotation.identity()], Rotation.random(random_state=1)
    for step in steps[1:]:
        turns.append(turns[-1] * step)
    plain, turned = (
        run(OneEuroFilter(1, 1, ROTATIONS), np.stack([r.as_matrix()[None] for r in some]), times)
        for some in (turns, [world * r for r in turns])
    )
    np.testing.assert_allclose(world.as_matrix() @ plain, turned, atol=1e-9)


def test_it_rests_and_follows():
    """Noise at rest falls to a quarter; a steady turn lags by 1 / (2 pi slope) rad at most."""
    rng, dt = np.random.default_rng(0), 1 / 30
    times = np.arange(1, 301) * dt
    noise = rng.normal(0, 0.02, 300)
    still = run(OneEuroFilter(0.5, 0.5), noise[:, None], times)[100:, 0]
    assert still.std() < noise.std() / 4 + 1e-9
    moving = run(OneEuroFilter(0.5, 4), (5 * times)[:, None], times)[:, 0]
    assert np.abs(moving - 5 * times)[100:].max() < 1 / (2 * math.pi * 4)
