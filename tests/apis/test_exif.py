"""What EXIF says is followed where it fits the image, and dropped with a reason where not."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import ExifTags, Image, TiffImagePlugin
from three_colors import HEIGHT, WIDTH, close, three_colors

from mroi_plugin.apis.inputs import read_image

DIAGONAL = 80 / float(np.hypot(36, 24))
"""Pixels of this image per millimeter of 35 mm film."""


@pytest.fixture
def picture():
    return three_colors()


def only(path):
    return read_image(str(path))


def save(path, pixels, tags, orientation=None):
    exif = Image.Exif()
    if tags:
        exif[ExifTags.IFD.Exif.value] = {ExifTags.Base[k].value: v for k, v in tags.items()}
    if orientation is not None:
        exif[ExifTags.Base.Orientation.value] = orientation
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, exif=exif)
    return only(path)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_orientation(tmp_path, picture, orientation):
    """Whatever way the camera was held, the image is upright."""
    stored = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture),
        7: np.rot90(picture, 2).transpose(1, 0, 2),
        8: np.rot90(picture, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation.value] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / 'a.jpg', exif=exif, quality=95)
    image = only(tmp_path / 'a.jpg')
    assert image.size == (WIDTH, HEIGHT) and close(image.pixels(), picture)


@pytest.mark.parametrize(
    ('tags', 'expected'),
    [
        ({'FocalLengthIn35mmFilm': 28}, 28 / 43.2666 * 80),
        ({'FocalLength': 4.0, 'FocalPlaneXResolution': 5.0, 'FocalPlaneResolutionUnit': 4}, 20.0),
        ({'FocalLength': 4.0, 'FocalPlaneXResolution': 127.0}, 20.0),
        (
            {
                'FocalLength': 4.0,
                'FocalPlaneXResolution': 50.0,
                'FocalPlaneResolutionUnit': 3,
                'ExifImageWidth': 128,
            },
            10.0,
        ),
        ({'FocalLength': 4.0}, None),
        ({'FocalLengthIn35mmFilm': 0}, None),
        ({}, None),
    ],
)
def test_exif_focal_length(tmp_path, picture, tags, expected):
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif.value] = {ExifTags.Base[k].value: v for k, v in tags.items()}
    Image.fromarray(picture).save(tmp_path / 'a.jpg', exif=exif)
    found = only(tmp_path / 'a.jpg').focal_length
    assert found == (None if expected is None else pytest.approx(expected, rel=1e-3))


def test_orientation_of_every_format(tmp_path, picture):
    """TIFF is turned by its decoder, the others by us: never twice, never not at all."""
    for ending in ('png', 'webp', 'tif'):
        image = save(tmp_path / f'a.{ending}', np.rot90(picture), {}, orientation=6)
        assert image.size == (WIDTH, HEIGHT) and close(image.pixels(), picture), ending


@pytest.mark.parametrize('orientation', [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_upright(tmp_path, picture, orientation):
    image = save(tmp_path / 'a.png', picture, {}, orientation)
    np.testing.assert_array_equal(image.pixels(), picture)


ORIGINAL = {'ExifImageWidth': 640, 'ExifImageHeight': 480}
SENSOR = {'FocalLength': 4.0, 'FocalPlaneXResolution': 127.0}


@pytest.mark.parametrize(
    ('tags', 'expected'),
    [
        ({'FocalLengthIn35mmFilm': 28, **ORIGINAL}, 28 * DIAGONAL),  # shrunk
        (
            {'FocalLengthIn35mmFilm': 28, 'ExifImageWidth': 480, 'ExifImageHeight': 640},
            28 * DIAGONAL,
        ),
        ({**SENSOR, 'FocalPlaneXResolution': 1270.0, **ORIGINAL}, 20.0),
        (
            {
                **SENSOR,
                'FocalPlaneXResolution': 1270.0,
                'ExifImageWidth': 480,
                'ExifImageHeight': 640,
            },
            20.0,
        ),
        ({'FocalLengthIn35mmFilm': 65535, **SENSOR}, 20.0),  # the other tag is believed
    ],
)
def test_a_shrunk_or_turned_image_keeps_its_field_of_view(tmp_path, picture, tags, expected):
    image = save(tmp_path / 'a.jpg', picture, tags)
    assert image.focal_length == pytest.approx(expected, rel=1e-3) and image.exif_problem is None


@pytest.mark.parametrize(
    ('tags', 'message'),
    [
        (
            {'FocalLengthIn35mmFilm': 28, 'ExifImageWidth': 640, 'ExifImageHeight': 640},
            'of an image of 640x640, from which this one of 64x48 was cut',
        ),
        (
            {'FocalLengthIn35mmFilm': 28, 'ExifImageWidth': 640, 'ExifImageHeight': 360},
            'was cut',
        ),
        (
            {'FocalLengthIn35mmFilm': 65535},
            'FocalLengthIn35mmFilm is not used: the focal length is 1.2',
        ),
        (
            {'FocalLengthIn35mmFilm': 1},
            'the focal length is 1.849, expected between 6.4 and 6.4e+04 px',
        ),
        ({**SENSOR, 'FocalPlaneXResolution': 1e9}, 'FocalPlaneXResolution is not used'),
    ],
)
def test_what_contradicts_the_image_is_not_used(tmp_path, picture, tags, message):
    image = save(tmp_path / 'a.jpg', picture, tags)
    assert image.focal_length is None and message in image.exif_problem


VALUES = {
    TiffImagePlugin.TiffTags.SHORT: lambda rng: rng.choice([0, 1, 6, 9, 255, 28, 65535]),
    TiffImagePlugin.TiffTags.LONG: lambda rng: rng.choice([0, 1, 64, 48, 480, 2**32 - 1]),
    TiffImagePlugin.TiffTags.RATIONAL: lambda rng: TiffImagePlugin.IFDRational(
        rng.choice([0, 1, 4, 127, 2**31]), rng.choice([0, 1, 10, 2**31])
    ),
    TiffImagePlugin.TiffTags.ASCII: lambda rng: rng.choice(['', '28', '28 mm', 'nan', '\n']),
    TiffImagePlugin.TiffTags.UNDEFINED: lambda rng: rng.randbytes(rng.randrange(9)),
}
TAGS = (
    *('Orientation', 'FocalLengthIn35mmFilm', 'FocalLength', 'FocalPlaneXResolution'),
    *('FocalPlaneResolutionUnit', 'ExifImageWidth', 'ExifImageHeight'),
)


def random_exif(rng):
    """EXIF data with tags of any type, some with bytes changed or cut off."""
    exif, inner = Image.Exif(), TiffImagePlugin.ImageFileDirectory_v2()
    for name in rng.sample(TAGS, rng.randrange(len(TAGS) + 1)):
        kind = rng.choice(list(VALUES))
        table = exif if name == 'Orientation' else inner
        if table is inner:
            inner.tagtype[ExifTags.Base[name].value] = kind
        table[ExifTags.Base[name].value] = VALUES[kind](rng)
    exif[ExifTags.IFD.Exif.value] = dict(inner)
    try:
        data = bytearray(exif.tobytes())
    except Exception:  # Pillow does not write every combination
        data = bytearray(b'Exif\0\0II*\0\x08\0\0\0' + rng.randbytes(40))
    if rng.random() < 0.6:
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(6, len(data))] = rng.randrange(256)
    if rng.random() < 0.2:
        data = data[: rng.randrange(6, len(data))]
    return bytes(data)


def test_any_exif_data_give_an_image(tmp_path, picture):
    """500 files of one seed: each is read, turned or not, with a focal length that can be."""
    rng, used, dropped = random.Random(0), 0, 0
    bare = io.BytesIO()
    Image.fromarray(picture).save(bare, 'JPEG')
    for _ in range(500):
        exif = random_exif(rng)
        marker = b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif
        path = tmp_path / 'a.jpg'
        path.write_bytes(bare.getvalue()[:2] + marker + bare.getvalue()[2:])
        image = only(path)
        assert image.error is None and sorted(image.size) == [HEIGHT, WIDTH]
        assert image.pixels().shape == (*image.size[::-1], 3)
        assert image.focal_length is None or 6.4 <= image.focal_length <= 64000
        used += image.focal_length is not None
        dropped += image.exif_problem is not None
    assert used > 10 and dropped > 10
