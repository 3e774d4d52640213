"""Names and units of metrics, as they are shown to people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

METRICS = {
    'mesh/mpjpe': ('MPJPE', 'mm'),
    'mesh/pa_mpjpe': ('PA-MPJPE', 'mm'),
    'mesh/pve': ('PVE', 'mm'),
    'mesh/pa_pve': ('PA-PVE', 'mm'),
    'mesh/pck': ('PCK@150', '%'),
    'mesh/auc': ('AUC', '%'),
    'mesh/reprojection_px': ('2D error', 'px'),
    'mesh/camera_residual_px': ('cameras differ by', 'px'),
    'mesh/betas_error': ('squared error of betas', ''),
    'mesh/frames': ('persons', ''),
    'landmark/error_2d': ('2D error', '% of the crop'),
    'landmark/found': ('found', '%'),
    'landmark/error_3d': ('3D error', 'mm'),
}
"""Name and unit; where the unit begins with ``%``, the value is a share of 1."""


def metrics_line(metrics: Mapping[str, Any]) -> str:
    """The known metrics that have a finite value on one line.

    Example:
        >>> metrics_line({'mesh/mpjpe': 81.25, 'mesh/pck': 0.5, 'mesh/frames': 17, 'time': 0.1})
        'MPJPE 81.2 mm, PCK@150 50.0 %, persons 17'
    """
    return ', '.join(
        _with_unit(name, metrics[key], unit)
        for key, (name, unit) in METRICS.items()
        if isinstance(metrics.get(key), Real) and math.isfinite(metrics[key])
    )


def _with_unit(name: str, value: float, unit: str) -> str:
    if unit.startswith('%'):
        value *= 100
    digits = f'{value:.1f}' if unit else f'{value:.4g}'
    return f'{name} {digits} {unit}'.rstrip()
