"""Images that OpenCV cannot warp at once give the crops of smaller ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mroi_plugin.datasets.transforms.large_images import MAX_SIDE, warpable_part
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop


def crop_of(image, center, side):
    sample = {
        'image': image,
        'img_size': np.array(image.shape[1::-1], np.float64),
        'image_affine': np.eye(2, 3),
        'box_center': np.array(center, np.float64),
        'box_size': np.array([side, side], np.float64),
        'principal_point': np.zeros(2),
    }
    return MultiRoICrop((32, 32), num_rois=1)(sample)['img'][0]


@pytest.mark.parametrize('turned', [False, True])
@pytest.mark.parametrize(('x', 'side'), [(39900, 64), (20000, 300), (3, 40)])
def test_a_part_of_a_long_image(turned, x, side):
    """The same crop as of the pixels around it alone, black beyond the border."""
    start, end = max(0, x - 400), min(40000, x + 400)
    near = np.random.default_rng(0).integers(0, 255, (200, end - start, 3), np.uint8)
    near = cv2.GaussianBlur(near, (0, 0), 4)
    image = np.zeros((200, 40000, 3), np.uint8)
    image[:, start:end] = near
    expected = crop_of(near, (x - start, 90), side)
    if turned:
        image = np.ascontiguousarray(image.transpose(1, 0, 2))
        found = crop_of(image, (90, x), side).transpose(0, 2, 1)
    else:
        found = crop_of(image, (x, 90), side)
    assert np.abs(found.astype(int) - expected).max() <= 8
    assert np.abs(found.astype(int) - expected).mean() < 0.5


def test_all_of_an_image_that_is_too_long():
    image = np.zeros((8, 2 * MAX_SIDE + 9, 3), np.uint8)
    image[:, : image.shape[1] // 2] = 200
    gain = 32 / image.shape[1]
    part, to_crop = warpable_part(image, np.array([[gain, 0, gain / 2 - 0.5], [0, 1, 0]]), (32, 8))
    assert max(part.shape) <= MAX_SIDE
    crop = cv2.warpAffine(part, to_crop, (32, 3))
    assert (crop[:, :16] == 200).all() and (crop[:, 16:] == 0).all()


def test_other_images_are_left_alone():
    image, affine = np.zeros((4, MAX_SIDE, 3), np.uint8), np.eye(2, 3)
    part, to_crop = warpable_part(image, affine, (32, 32))
    assert part is image and to_crop is affine
    cv2.warpAffine(part, to_crop, (32, 32))
