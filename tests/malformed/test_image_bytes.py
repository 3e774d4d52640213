"""Image files with bytes changed or cut off: pixels of the size of the header, or an error."""

from __future__ import annotations

import io
import random
import warnings
from collections import Counter

import cv2
import numpy as np
from PIL import Image

from mroi_plugin.apis.inputs import read_image
from mroi_plugin.datasets.sample_errors import InvalidSampleError

FORMATS = ('JPEG', 'PNG', 'GIF', 'TIFF', 'WEBP', 'BMP', 'PPM', 'JPEG2000', 'TGA')
HEADER = 200


def files():
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for name in FORMATS:
        file = io.BytesIO()
        Image.fromarray(cv2.GaussianBlur(noise, (0, 0), 2)).save(file, name)
        yield file.getvalue()


def spoilt(data, rng):
    data = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        end = min(len(data), HEADER) if rng.random() < 0.7 else len(data)
        data[rng.randrange(end)] = rng.randrange(256)
    return bytes(data[: rng.randrange(1, len(data))] if rng.random() < 0.2 else data)


def test_any_bytes(tmp_path):
    rng, originals, outcomes = random.Random(0), list(files()), Counter()
    for _ in range(600):
        path = tmp_path / 'image'
        path.write_bytes(spoilt(rng.choice(originals), rng))
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of what EXIF and frames it has
            image = read_image(str(path))
        if image.error is not None:
            assert image.error.startswith('it cannot be read as an image: ')
            outcomes['unreadable'] += 1
            continue
        try:
            assert image.pixels().shape == (image.size[1], image.size[0], 3)
            outcomes['read'] += 1
        except InvalidSampleError as error:
            assert 'cannot be decoded' in str(error)
            outcomes['damaged'] += 1
    assert min(outcomes.values()) > 60 and len(outcomes) == 3, outcomes
