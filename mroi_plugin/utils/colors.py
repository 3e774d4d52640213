"""Colors that tell persons apart."""

from __future__ import annotations

import colorsys

GOLDEN_RATIO = 0.61803398875


def instance_color(number: int) -> tuple[float, float, float]:
    """RGB in 0..1 of person ``number``, far from those of the persons before."""
    return colorsys.hsv_to_rgb((0.58 + number * GOLDEN_RATIO) % 1.0, 0.45, 0.95)
