"""Images of every kind come upright, in order, or say why they cannot be used."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence
from three_colors import HEIGHT, WIDTH, close, three_colors

from mroi_plugin.apis.inputs import count_images, iterate_images

ENDINGS = ['jpg', 'jfif', 'jpe', 'png', 'bmp', 'dib', 'webp', 'tif', 'gif', 'jp2', 'ppm', 'tga']


@pytest.fixture
def picture():
    return three_colors()


def only(inputs):
    (image,) = iterate_images(inputs)
    return image


@pytest.mark.parametrize('ending', ENDINGS)
def test_formats(tmp_path, picture, ending):
    """Singly and in a folder."""
    kind = {'format': 'JPEG'} if ending in ('jfif', 'jpe') else {}
    Image.fromarray(picture).save(tmp_path / f'a.{ending}', **kind)
    for inputs in (tmp_path / f'a.{ending}', tmp_path):
        image = only(inputs)
        assert image.error is None and image.size == (WIDTH, HEIGHT)
        assert close(image.pixels(), picture)


def test_what_is_not_decoded_says_so_singly_and_in_folders(tmp_path):
    (tmp_path / 'a.heic').write_bytes(b'\0\0\0\x18ftypheic' + bytes(100))
    for inputs in (tmp_path / 'a.heic', tmp_path):
        assert 'HEIC and AVIF are not read here' in only(inputs).error


def test_of_an_animation_the_first_frame_is_used(tmp_path, picture):
    frames = [Image.fromarray(np.roll(picture, i, 1)) for i in range(3)]
    frames[0].save(tmp_path / 'a.gif', save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match=r'a\.gif: the first of its 3 frames is used'):
        image = only(tmp_path / 'a.gif')
    assert close(image.pixels(), picture)


def test_larger_images_than_allowed_are_not_decoded(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / 'a.png')
    for inputs in (tmp_path / 'a.png', Image.fromarray(picture)):
        (image,) = iterate_images(inputs, max_pixels=WIDTH * HEIGHT - 1)
        assert '64x48' in image.error and 'max_pixels=3071' in image.error
        (image,) = iterate_images(inputs, max_pixels=WIDTH * HEIGHT)
        assert image.error is None


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


def test_folders_patterns_lists_and_arrays(tmp_path, picture):
    for name in ('b.jpg', 'a.png', 'notes.txt'):
        Image.fromarray(picture).save(tmp_path / name, format='PNG')
    with pytest.warns(UserWarning, match='skipped, no images or videos: notes.txt'):
        folder = [image.name for image in iterate_images(tmp_path)]
    assert folder == [str(tmp_path / 'a.png'), str(tmp_path / 'b.jpg')]
    assert [p.name for p in iterate_images(str(tmp_path / '*.png'))] == folder[:1]
    (tmp_path / 'notes.txt').unlink()
    mixed = list(iterate_images([tmp_path, picture, picture[..., 0]]))
    assert len(mixed) == 4 and count_images([tmp_path, picture, str(tmp_path / '*.jpg')]) == 4
    nested = [image.name for image in iterate_images([picture, [picture, picture], picture])]
    assert len(set(nested)) == 4
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
    'array', [np.full((4, 4, 3), 7.0), np.zeros((5, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_arrays_of_another_form(array):
    assert only(array).error is not None


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        (3, 'inputs: int; expected paths'),
        (None, 'inputs: NoneType; expected paths, arrays, tensors, PIL images, or a list'),
        (b'a.jpg', 'inputs: bytes'),
        ({'a.jpg': 1}, 'inputs: dict'),
        (['a.jpg', None], r'inputs\[1\]: NoneType'),
        (['a.jpg', ['b.jpg', 2.0]], r'inputs\[1\]\[1\]: float'),
        (io.BytesIO(b'x'), 'inputs: BytesIO'),
    ],
)
def test_inputs_of_another_kind(inputs, message):
    with pytest.raises(TypeError, match=message):
        iterate_images(inputs)


def test_a_pattern_without_match_and_a_broken_video(tmp_path):
    assert 'matches nothing' in only(str(tmp_path / '*.jpg')).error
    (tmp_path / 'a.mp4').write_bytes(b'not a video')
    assert 'cannot be read as a video' in only(tmp_path / 'a.mp4').error


def test_an_array_may_be_used_again(tmp_path):
    """As of programs that read all frames into one."""
    buffer = np.zeros((6, 8, 3), np.uint8)

    def frames():
        for level in (10, 20):
            buffer[:] = level
            yield buffer

    assert [image.pixels().mean() for image in list(iterate_images(frames()))] == [10, 20]


def test_frames_of_an_animation_have_their_numbers(tmp_path):
    levels = [Image.new('L', (8, 6), level) for level in (10, 90, 200)]
    levels[0].save(tmp_path / 'a.gif', save_all=True, append_images=levels[1:])
    with Image.open(tmp_path / 'a.gif') as animation:
        images = list(iterate_images(ImageSequence.Iterator(animation)))
    name = str(tmp_path / 'a.gif')
    assert [image.name for image in images] == [name, f'{name}#000001', f'{name}#000002']
    assert [image.pixels().mean() for image in images] == [10, 90, 200]


def test_a_pattern_of_all_folders_has_every_file_once(tmp_path, picture):
    (tmp_path / 'inner').mkdir()
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'inner' / 'loop').symlink_to(tmp_path)
    for name in ('a.png', 'inner/b.png'):
        cv2.imwrite(str(tmp_path / name), picture)
    pattern = str(tmp_path / '**')
    images = list(iterate_images(pattern))
    assert [image.error for image in images] == [None] * 2 and count_images(pattern) == 2
    assert [image.name for image in images] == [f'{tmp_path}/a.png', f'{tmp_path}/inner/b.png']
