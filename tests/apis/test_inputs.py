"""Images of every kind come upright, in order, or say why they cannot be used."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from mroi_plugin.apis.inputs import count_images, iterate_images

WIDTH, HEIGHT = 64, 48


@pytest.fixture
def picture():
    """Three colors, so that turning, mirroring and swapped channels show."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:24, :32], image[:24, 32:], image[24:, :32] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    return image


def only(inputs):
    (image,) = iterate_images(inputs)
    return image


def close(a, b, tolerance=40):
    return a.shape == b.shape and np.abs(a.astype(int) - b).mean() < tolerance / 8


@pytest.mark.parametrize('ending', ['jpg', 'png', 'bmp', 'webp', 'tif'])
def test_formats(tmp_path, picture, ending):
    Image.fromarray(picture).save(tmp_path / f'a.{ending}')
    image = only(tmp_path / f'a.{ending}')
    assert image.error is None and image.size == (WIDTH, HEIGHT)
    assert close(image.pixels(), picture)


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'P', 'CMYK'])
def test_modes(tmp_path, picture, mode):
    ending = 'jpg' if mode == 'CMYK' else 'png'
    Image.fromarray(picture).convert(mode).save(tmp_path / f'a.{ending}')
    image = only(tmp_path / f'a.{ending}')
    assert image.error is None and image.pixels().shape == (HEIGHT, WIDTH, 3)
    if mode == 'L':
        assert close(
            image.pixels(), np.asarray(Image.fromarray(picture).convert('L').convert('RGB'))
        )
    elif mode != 'CMYK':
        assert close(image.pixels(), picture)


def test_sixteen_bits(tmp_path, picture):
    cv2.imwrite(str(tmp_path / 'a.png'), picture[..., ::-1].astype(np.uint16) * 257)
    assert close(only(tmp_path / 'a.png').pixels(), picture)


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


def test_folders_patterns_lists_and_arrays(tmp_path, picture):
    for name in ('b.jpg', 'a.png', 'notes.txt'):
        Image.fromarray(picture).save(tmp_path / name, format='PNG')
    folder = [image.name for image in iterate_images(tmp_path)]
    assert folder == [str(tmp_path / 'a.png'), str(tmp_path / 'b.jpg')]
    assert [p.name for p in iterate_images(str(tmp_path / '*.png'))] == folder[:1]
    mixed = list(iterate_images([tmp_path, picture, picture[..., 0]]))
    assert len(mixed) == 4 and count_images([tmp_path, picture, str(tmp_path / '*.jpg')]) == 4
    np.testing.assert_array_equal(mixed[2].pixels(), picture)


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda p: (p / 'a.jpg').write_text('hello'), 'cannot be read as an image'),
        (lambda p: (p / 'a.jpg').touch(), 'cannot be read as an image'),
        (lambda p: None, 'no such file or folder'),
        (lambda p: (p / 'a.jpg').mkdir(), 'has no images'),
    ],
)
def test_what_is_no_image_says_so(tmp_path, make, message):
    make(tmp_path)
    image = only(tmp_path / 'a.jpg')
    assert message in image.error and image.size == (0, 0)


@pytest.mark.parametrize(
    'array', [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_arrays_of_another_form(array):
    assert only(array).error is not None


def test_inputs_of_another_kind():
    with pytest.raises(TypeError, match='int; expected paths'):
        list(iterate_images(3))


def test_a_pattern_without_match_and_a_broken_video(tmp_path):
    assert 'matches nothing' in only(str(tmp_path / '*.jpg')).error
    (tmp_path / 'a.mp4').write_bytes(b'not a video')
    assert 'cannot be read as a video' in only(tmp_path / 'a.mp4').error


def test_videos_are_read_frame_by_frame(tmp_path):
    path = str(tmp_path / 'a.mp4')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'mp4v'), 10, (WIDTH, HEIGHT))
    for i in range(12):
        writer.write(np.full((HEIGHT, WIDTH, 3), 20 * i, np.uint8))
    writer.release()
    assert count_images(path) == 12
    images = iterate_images(path)
    first = next(images)
    assert first.frame == 0 and first.name == f'{path}#000000'
    rest = list(images)
    assert [p.frame for p in rest] == list(range(1, 12))
    levels = [p.pixels().mean() for p in rest]
    assert np.all(np.diff(levels) > 10)
