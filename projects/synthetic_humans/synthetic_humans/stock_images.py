"""Stock images without people that an installed scikit-image carries, as backgrounds.

scikit-image is not needed; without it there are fewer kinds of backgrounds. Its `camera` and
`astronaut` show people and are never read.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

LICENSES = {
    'brick.png': 'CC0 (CC0Textures)',
    'chelsea.png': 'CC0 (Stefan van der Walt)',
    'clock_motion.png': 'public domain (Stefan van der Walt)',
    'coffee.png': 'CC0 (Rachel Michetti)',
    'coins.png': 'no known copyright restrictions (Brooklyn Museum)',
    'grass.png': 'CC0 (CC0Textures)',
    'gravel.png': 'CC0 (CC0Textures)',
    'hubble_deep_field.jpg': 'public domain (NASA)',
    'ihc.png': 'no known copyright restrictions',
    'retina.jpg': 'CC0',
    'rocket.jpg': 'public domain (SpaceX)',
    'text.png': 'public domain',
}
"""File in scikit-image's data folder -> its license, as scikit-image states it."""
RESERVED = ('coffee.png', 'coins.png', 'gravel.png')
"""Of the test split alone."""


def folder() -> Path | None:
    """Return where the stock images lie, None if scikit-image is not installed."""
    spec = find_spec('skimage')
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / 'data'


@lru_cache(maxsize=2)
def load_stock_images(reserved: bool) -> tuple[np.ndarray, ...]:
    """Return the stock images (H, W, 3) uint8 RGB of the test split or of training."""
    place = folder()
    names = [name for name in sorted(LICENSES) if (name in RESERVED) == reserved]
    paths = [place / name for name in names] if place is not None else []
    return tuple(cv2.imread(str(path))[..., ::-1] for path in paths if path.is_file())


def found() -> list[str]:
    """Return the names of the stock images that are there."""
    place = folder()
    return [name for name in sorted(LICENSES) if place is not None and (place / name).is_file()]
