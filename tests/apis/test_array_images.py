"""Arrays, tensors and Pillow's images of every form are the same picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from mroi_plugin.apis.inputs import count_images, iterate_images

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
TENSOR = torch.from_numpy(PICTURE)
FLOATS = PICTURE.astype(np.float32) / 255


def only(inputs):
    (image,) = iterate_images(inputs)
    assert image.error is None, image.error
    return image


@pytest.mark.parametrize(
    'form',
    [
        PICTURE,
        PICTURE.transpose(2, 0, 1),
        np.dstack([PICTURE, PICTURE[..., 0]]),
        FLOATS,
        FLOATS.astype(np.float64),
        PICTURE[None],
        TENSOR,
        TENSOR.permute(2, 0, 1),
        TENSOR.permute(2, 0, 1)[None],
        TENSOR.permute(2, 0, 1) / 255,
        (TENSOR / 255).double(),
        (TENSOR / 255).requires_grad_(),
        Image.fromarray(PICTURE),
        Image.fromarray(PICTURE).convert('RGBA'),
        [PICTURE],
        (TENSOR,),
        iter([PICTURE]),
    ],
)
def test_every_form_of_one_picture(form):
    image = only(form)
    assert image.size == (30, 20)
    np.testing.assert_array_equal(image.pixels(), PICTURE)


@pytest.mark.parametrize('kind', [torch.float16, torch.bfloat16])
def test_halves_are_rounded(kind):
    pixels = only((TENSOR.permute(2, 0, 1) / 255).to(kind)).pixels()
    assert np.abs(pixels.astype(int) - PICTURE).max() <= 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_a_tensor_of_another_device():
    np.testing.assert_array_equal(only(TENSOR.cuda()).pixels(), PICTURE)


def test_gray_pictures():
    for form in (PICTURE[..., 0], PICTURE[..., :1], TENSOR[None, ..., 0]):
        pixels = only(form).pixels()
        np.testing.assert_array_equal(pixels, np.repeat(PICTURE[..., :1], 3, 2))


def test_several_in_one_array():
    for batch in (np.stack([PICTURE] * 3), TENSOR.permute(2, 0, 1).expand(3, -1, -1, -1)):
        images = list(iterate_images(batch))
        assert [image.name for image in images] == [f'array_{i:06d}' for i in range(3)]
        assert count_images(batch) == 3
        np.testing.assert_array_equal(images[2].pixels(), PICTURE)


@pytest.mark.parametrize(
    ('form', 'message'),
    [
        (TENSOR.long(), 'int64 of shape (20, 30, 3); expected uint8 0..255 or floats 0..1'),
        (FLOATS * 255, 'values from 0 to 254; expected'),
        (FLOATS - 0.5, 'undo a normalization'),
        (FLOATS * np.nan, 'values from nan to nan'),
        (PICTURE > 9, 'bool of shape'),
        (PICTURE[..., :2], 'of shape (20, 30, 2)'),
        (np.zeros(5, np.uint8), 'of shape (5,)'),
        (torch.zeros(3, 0, 4), 'of shape (3, 0, 4)'),
        (Image.fromarray(PICTURE[..., 0].astype(np.int32)), 'mode I; expected 8 bits'),
    ],
)
def test_what_is_no_picture_says_why(form, message):
    (image,) = iterate_images(form)
    assert message in image.error


def test_an_image_of_pillow_is_that_of_its_file(tmp_path):
    """Name, orientation and focal length."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation.value] = 6
    exif[ExifTags.IFD.Exif.value] = {ExifTags.Base.FocalLengthIn35mmFilm.value: 28}
    path = tmp_path / 'a.jpg'
    Image.fromarray(PICTURE).save(path, exif=exif)
    with Image.open(path) as opened:
        memory, file = only(opened), only(path)
    assert memory.name == file.name == str(path) and memory.size == file.size == (20, 30)
    assert memory.focal_length == file.focal_length
    assert np.abs(memory.pixels().astype(int) - file.pixels()).max() <= 2


def test_a_damaged_file_opened_by_pillow(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / 'a.png')
    data = (tmp_path / 'a.png').read_bytes()
    (tmp_path / 'a.png').write_bytes(data[: len(data) // 2])
    with Image.open(tmp_path / 'a.png') as opened:
        (image,) = iterate_images([opened])
    assert 'it cannot be read (OSError' in image.error
