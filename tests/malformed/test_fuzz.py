"""Geometry of any box, image, roll, crop and number of RoIs: finite, or an error with a name."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mroi_plugin.cameras import (
    crop_to_full_camera,
    encode_bbox_info,
    full_to_crop_camera,
    project_points,
)
from mroi_plugin.datasets.sample_errors import InvalidSampleError
from mroi_plugin.datasets.transforms.formatting import PackMultiRoIInputs
from mroi_plugin.datasets.transforms.geometry import flip_sample, rotate_sample
from mroi_plugin.datasets.transforms.loading import LoadImage
from mroi_plugin.datasets.transforms.multi_roi_crop import (
    DEFAULT_SCALES,
    DEFAULT_SHIFTS,
    MultiRoICrop,
)
from mroi_plugin.mmhuman3d_compat.conventions import flip_permutation

STABLE = settings(max_examples=150, deadline=None, derandomize=True, database=None)
EXTREME = st.sampled_from([0.0, -1.0, 1e-300, 1e-9, 0.5, 1.0, 1e6, 1e12, 1e38])
SIZES = st.tuples(st.integers(1, 900), st.integers(1, 900))
CROPS = st.tuples(st.integers(1, 160), st.integers(1, 160))
OPTICS = st.one_of(st.none(), st.floats(90, 5e4), EXTREME)
NEAR = st.tuples(st.floats(-0.4, 1.4), st.floats(-0.4, 1.4), st.floats(0.02, 4), st.floats(0.02, 4))
"""Center and sides of a box in widths and heights of its image."""


@st.composite
def images_with_boxes(draw):
    """Size (w, h) of an image and a box (center, sides): mostly near the image, px."""
    size = draw(SIZES)
    box = np.array(draw(NEAR)) * np.tile(size, 2)
    if draw(st.integers(0, 4)) == 0:
        box[draw(st.integers(0, 3))] = draw(EXTREME)
    return size, box


def sample_of(folder, size, box, focal, extension):
    """One person in an image of noise, with joints, pose and a camera."""
    rng = np.random.default_rng(size)
    path = folder / f'image{extension}'
    cv2.imwrite(str(path), rng.integers(0, 255, (size[1], size[0], 3), np.uint8))
    sample = {
        'image_path': str(path),
        'ann_file': 'fuzz.npz',
        'sample_idx': 0,
        'rng': rng,
        'gender': -1,
        'box_center': np.array(box[:2]),
        'box_size': np.array(box[2:]),
        'keypoints2d': np.abs(rng.normal(size=(54, 3))),
        'keypoints3d': np.abs(rng.normal(size=(54, 4))),
        'smpl_body_pose': rng.normal(size=(23, 3)),
        'smpl_global_orient': rng.normal(size=3),
        'smpl_betas': rng.normal(size=10),
        'smpl_transl': rng.normal(size=3),
        'smpl_rest_pelvis': rng.normal(size=3),
        'has_smpl': 1.0,
        'has_transl': 1.0,
    }
    return sample if focal is None else {**sample, 'focal_length': focal}


@given(
    image=images_with_boxes(),
    degrees=st.floats(-720, 720),
    flip=st.booleans(),
    crop=CROPS,
    rois=st.integers(1, 5),
    random=st.booleans(),
    focal=OPTICS,
    extension=st.sampled_from(['.jpg', '.png']),
)
@STABLE
def go_through_the_pipeline(
    folder, outcomes, image, degrees, flip, crop, rois, random, focal, extension
):
    cut = MultiRoICrop(crop, DEFAULT_SHIFTS, DEFAULT_SCALES, rois, random)
    try:
        sample = LoadImage()(sample_of(folder, *image, focal, extension))
        if flip:
            sample = flip_sample(sample, flip_permutation('smpl_54'))
        packed = PackMultiRoIInputs()(cut(rotate_sample(sample, degrees)))
    except InvalidSampleError as error:
        assert 'image' in str(error) and '(sample 0 of fuzz.npz)' in str(error)
        outcomes['refused'] += 1
        return
    outcomes['cut'] += 1
    assert packed['img'].shape == (rois, 3, crop[1], crop[0])
    for name, value in packed.items():
        if isinstance(value, torch.Tensor):
            assert value.isfinite().all(), name
    assert (packed['rois'][:, 2] > 0).all()


def test_samples(tmp_path):
    outcomes = Counter()
    go_through_the_pipeline(tmp_path, outcomes)
    assert outcomes['cut'] > 75 and outcomes['refused'] > 10, outcomes


@given(
    width=st.integers(-3, 300),
    height=st.integers(-3, 300),
    scales=st.lists(st.floats(-1, 4), max_size=8),
    shifts=st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), max_size=8),
    rois=st.one_of(st.none(), st.integers(-2, 10)),
)
@STABLE
def test_options_of_the_crop(width, height, scales, shifts, rois):
    try:
        cut = MultiRoICrop((width, height), shifts, scales, rois)
    except ValueError as error:
        assert str(error).startswith('MultiRoICrop: ')
        return
    offsets, factors = cut.layout()
    assert len(offsets) == len(factors) == (1 + len(scales) if rois is None else rois)
    assert (factors > 0).all() and np.isfinite(offsets).all()


numbers = st.floats(-1e6, 1e6, width=32)


@given(
    camera=st.tuples(numbers, numbers, numbers),
    center=st.tuples(numbers, numbers),
    side=st.floats(1, 65536, width=32),
    focal=st.floats(1, 65536, width=32),
    point=st.tuples(numbers, numbers, numbers),
)
@STABLE
def test_cameras(camera, center, side, focal, point):
    """Values and gradients, in float32 as in training."""
    camera = torch.tensor(camera, requires_grad=True)
    roi, focal = torch.tensor([*center, side]), torch.tensor(focal)
    full = crop_to_full_camera(camera, roi, focal)
    back = full_to_crop_camera(full, roi, focal)
    pixels = project_points(torch.tensor([point]), full, focal)
    for value in (full, back, pixels, encode_bbox_info(roi, focal)):
        assert value.isfinite().all()
    (gradient,) = torch.autograd.grad(full.sum() + back.sum() + pixels.sum(), camera)
    assert gradient.isfinite().all()
