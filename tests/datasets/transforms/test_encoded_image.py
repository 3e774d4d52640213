"""Images decoded at a reduced size show the same crop."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.encoded_image import (
    EncodedImage,
    ImageFileError,
    image_size,
)
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop

SIZE = (641, 483)
DISCS = ((200, 150), (260, 260), (330, 200), (252, 192))


def picture():
    """Smooth colors with markers; odd sides, so that reductions do not divide them."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    image = np.stack([x // 6, y // 5, (x + y) // 10], -1).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 6)
    for center in DISCS:
        cv2.circle(image, center, 20, (255, 255, 255), -1, cv2.LINE_AA)
    return image


def encode(image, extension):
    done, data = cv2.imencode(extension, image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return EncodedImage(data.tobytes(), {'image_path': 'a', 'ann_file': 'b', 'sample_idx': 0})


@pytest.mark.parametrize(
    ('shrinks', 'expected'), [(0.4, 1), (1.9, 1), (2.0, 2), (3.9, 2), (7, 4), (30, 8)]
)
def test_the_reduction_never_exceeds_what_the_crop_loses_anyway(shrinks, expected):
    image = encode(picture(), '.jpg')
    assert image.largest_reduction(shrinks) == expected
    assert encode(picture(), '.png').largest_reduction(shrinks) == 1


@pytest.mark.parametrize('reduction', [1, 2, 4, 8])
def test_the_reduced_image_has_the_rounded_up_size(reduction):
    pixels = encode(picture(), '.jpg').decode(reduction)
    assert pixels.shape == (-(-SIZE[1] // reduction), -(-SIZE[0] // reduction), 3)


def sample(image, side):
    return {
        'image': image,
        'img_size': np.array(SIZE, np.float64),
        'image_affine': np.eye(2, 3),
        'box_center': np.array([262.3, 201.7]),
        'box_size': np.array([side, side], np.float64),
        'principal_point': np.array(SIZE) / 2,
    }


@pytest.mark.parametrize(('side', 'reduction'), [(100, 1), (250, 2), (420, 4)])
def test_markers_stay_where_they_are(side, reduction):
    """Painted discs are where the affine says, to a tenth of a pixel of the crop."""
    image, crop = encode(picture(), '.jpg'), MultiRoICrop((96, 96), num_rois=1)
    assert image.largest_reduction(side / 96) == reduction
    out = crop(sample(image, side))
    affine = out['roi_affines'][0]
    painted = np.array(DISCS) @ affine[:, :2].T + affine[:, 2]
    found = discs(out['img'][0])
    assert found
    for center in found:
        assert np.abs(painted - center).max(1).min() < 0.1
    # Full decoding skips pixels that the reduced one averages: the two differ at edges alone.
    full = crop(sample(image.decode(), side))['img'][0]
    assert np.abs(out['img'][0].astype(int) - full).mean() < 2.5


def discs(crop):
    """Sub-pixel centers of the white discs of a crop."""
    mask = (crop.min(0).astype(np.float32) - 150).clip(0)
    count, labels = cv2.connectedComponents((mask > 0).astype(np.uint8))
    centers = []
    for label in range(1, count):
        y, x = np.nonzero(labels == label)
        weight = mask[y, x]
        inside = x.min() > 0 and y.min() > 0 and x.max() < 95 and y.max() < 95
        if weight.sum() > 1500 and inside:
            centers.append(np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum())
    return centers


def test_a_damaged_file_is_named():
    image = EncodedImage(b'\xff\xd8 not an image', {'image_path': 'x.jpg', 'sample_idx': 3})
    with pytest.raises(InvalidSampleError, match='x.jpg'):
        image.decode(2)


def test_more_pixels_than_pillow_allows_are_for_the_config_to_allow():
    """182 million, of one bit each; Pillow's own limit, of 179 million, is as it was after."""
    stored = io.BytesIO()
    Image.new('1', (13500, 13500)).save(stored, format='png')
    data, limit = stored.getvalue(), Image.MAX_IMAGE_PIXELS
    assert image_size(data, 2 * 10**8) == (13500, 13500)
    with pytest.raises(ImageFileError, match=r'claims 13500x13500 pixels, more than max_pixels='):
        image_size(data)
    assert limit == Image.MAX_IMAGE_PIXELS
    with pytest.raises(Image.DecompressionBombError):
        Image.open(stored)


def values():
    """Channels (40, 60) from 0 to 1."""
    return np.random.default_rng(0).random((40, 60), np.float32)


def by_pillow(array, kind):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def by_opencv(array, extension):
    return cv2.imencode(extension, np.dstack([array] * 3))[1].tobytes()


UNKNOWN_RANGE = {
    'floats in TIFF': lambda x: by_pillow(x, 'TIFF'),
    'whole numbers of 32 bits in TIFF': lambda x: by_pillow((x * 65535).astype(np.int32), 'TIFF'),
    'floats in TIFF of three channels': lambda x: by_opencv(x, '.tif'),
    'floats in PFM': lambda x: cv2.imencode('.pfm', x)[1].tobytes(),
    'floats of three channels in PFM': lambda x: by_opencv(x, '.pfm'),
    'Radiance': lambda x: by_opencv(x, '.hdr'),
}
SIXTEEN_BITS = {
    'gray TIFF': lambda x: by_pillow(x, 'TIFF'),
    'gray PNG': lambda x: by_pillow(x, 'PNG'),
    'TIFF': lambda x: by_opencv(x, '.tif'),
    'PNG': lambda x: by_opencv(x, '.png'),
    'PPM': lambda x: by_opencv(x, '.ppm'),
}


@pytest.mark.parametrize('kind', UNKNOWN_RANGE)
def test_numbers_of_unknown_range_are_refused(kind):
    data = UNKNOWN_RANGE[kind](values())
    with pytest.raises((ImageFileError, InvalidSampleError)) as caught:
        image_size(data)
        EncodedImage(data, {}).decode()
    told = str(caught.value)
    assert 'cannot be decoded' in told or 'not of 8 or 16 bits' in told
    assert 'TIFF' not in kind or '8 and 16 bits' in told or '8 or 16 bits' in told


@pytest.mark.parametrize('kind', SIXTEEN_BITS)
def test_sixteen_bits_become_eight(kind):
    data = SIXTEEN_BITS[kind]((values() * 65535).astype(np.uint16))
    assert image_size(data) == (60, 40)
    np.testing.assert_allclose(EncodedImage(data, {}).decode()[..., 1] / 255, values(), atol=0.005)


APPENDED = {
    'nothing': b'',
    'zeros': bytes(100),
    'what looks like a scan': bytes(100) + b'\xff\xda' + bytes(10),
    'a video, as phones do': b'\0\0\0\x18ftypmp42' + bytes(range(256)) * 40 + b'\xff\xda\xff\xd8',
    'a cut second picture': b'\xff\xd8\xff\xda\0\x08' + bytes(20),
}


@pytest.mark.parametrize('appended', APPENDED.values(), ids=APPENDED)
@pytest.mark.parametrize('progressive', [0, 1])
def test_what_follows_a_whole_jpeg_is_nothing_of_it(appended, progressive):
    pixels = np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8)
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive, cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    whole = cv2.imencode('.jpg', pixels, options)[1].tobytes()
    assert image_size(whole + appended) == (70, 90)
    if appended:
        with pytest.raises(ImageFileError, match='not to its end'):
            image_size(whole[:-200] + appended)
