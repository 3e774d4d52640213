"""The self-check passes here, and notices what is wrong."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
import torch
from equations.checks import LIMIT, all_checks
from equations.encoding import exact_sin_cos, worst_encoding_error
from locations import ROOT

from mroi_plugin import cameras
from mroi_plugin.models.losses import camera_consistency

CPU = torch.device('cpu')


def failures():
    return {check.name for check in all_checks() if not check.residual(CPU) <= LIMIT}


def test_every_equation_holds():
    assert len(all_checks()) > 20
    assert failures() == set()


def test_a_wrong_equation_is_noticed_by_name(monkeypatch):
    right = cameras.crop_to_full_camera

    def slightly_wrong(camera, roi, focal_length):
        return right(camera, roi, focal_length) * (1 + 1e-4)

    monkeypatch.setattr(cameras, 'crop_to_full_camera', slightly_wrong)
    assert 'local to full camera (Eq. 12)' in failures()


def test_a_wrong_loss_is_noticed_by_name(monkeypatch):
    right = camera_consistency.camera_residuals

    def wrong(cameras, rois, units):
        position, scale = right(cameras, rois, units)
        return 1.001 * position, scale

    monkeypatch.setattr(camera_consistency, 'camera_residuals', wrong)
    assert any(name.startswith('camera consistency') for name in failures())


def test_the_encoding_is_exact_to_rounding():
    assert worst_encoding_error(CPU, count=2000) < 5e-7
    assert exact_sin_cos(float(Fraction(1, 4)), 1) == pytest.approx((1.0, 0.0), abs=1e-15)


def test_the_command_prints_a_table_and_succeeds():
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / 'check_equations.py')],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 'Eq. 12' in done.stdout and 'all below' in done.stdout
