"""Geometry of augmentation and crops, proven by projection, by painted markers and by round "
"trips."""

import cv2
import numpy as np
import pytest
import roma
import torch

from mroi_plugin.cameras import full_to_crop_camera, project_points
from mroi_plugin.datasets.transforms.formatting import PackMultiRoIInputs
from mroi_plugin.datasets.transforms.geometry import apply_affine, flip_sample, rotate_sample
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.models.layers.full_camera_projector import FullCameraProjector
from mroi_plugin.models.losses.camera_consistency import camera_consistency_loss
from mroi_plugin.models.losses.reprojection import reprojection_loss

WIDTH, HEIGHT, FOCAL = 640, 480, 560.0
PRINCIPAL = np.array([301.0, 255.0])
REST = np.array([0.01, -0.2, 0.03])
NUM_JOINTS = 12
MIRROR = np.array([0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10])


def make_sample(seed=0):
    """A person of 12 joints seen by a known camera, with a white spot painted at every joint."""
    rng = np.random.default_rng(seed)
    transl = np.array([0.5, -0.1, 4.0])
    joints = rng.uniform(-0.6, 0.6, (NUM_JOINTS, 3)) + transl
    pixels = FOCAL * joints[:, :2] / joints[:, 2:] + PRINCIPAL
    image = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    for x, y in pixels:
        spot = 250 * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * 2.5**2))
        image = np.maximum(image, spot[..., None])
    low, high = pixels.min(0), pixels.max(0)
    one = np.ones((NUM_JOINTS, 1))
    return {
        'image': image.astype(np.uint8),
        'img_size': np.array([WIDTH, HEIGHT], np.float64),
        'image_affine': np.eye(2, 3),
        'principal_point': PRINCIPAL.copy(),
        'focal_length': FOCAL,
        'box_center': (low + high) / 2,
        'box_size': (high - low) * 1.1,
        'keypoints2d': np.concatenate([pixels, one], 1),
        'keypoints3d': np.concatenate([joints, one], 1),
        'smpl_global_orient': rng.standard_normal(3),
        'smpl_body_pose': rng.standard_normal((23, 3)) * 0.2,
        'smpl_betas': np.zeros(10),
        'smpl_transl': transl,
        'smpl_rest_pelvis': REST,
        'has_smpl': 1.0,
        'has_transl': 1.0,
        'gender': -1,
        'sample_idx': 0,
        'image_path': 'painted',
        'rng': rng,
    }


AUGMENTATIONS = {
    'plain': lambda s: s,
    'rotated': lambda s: rotate_sample(s, 37.0),
    'flipped': lambda s: flip_sample(s, MIRROR),
    'flipped and rotated': lambda s: rotate_sample(flip_sample(s, MIRROR), -55.0),
    'rotated twice': lambda s: rotate_sample(rotate_sample(s, 20.0), 25.0),
}
CROPS = {'portrait': (192, 256), 'square': (224, 224)}


@pytest.fixture(params=AUGMENTATIONS)
def augmented(request):
    return AUGMENTATIONS[request.param](make_sample())


@pytest.fixture(params=CROPS)
def packed(request, augmented):
    return PackMultiRoIInputs()(MultiRoICrop(crop_size=CROPS[request.param])(augmented))


def spot_near(crop, at, radius=9):
    """Center of brightness (x, y) around a place of a crop (h, w)."""
    x0, y0 = np.round(at).astype(int) - radius
    window = crop[y0 : y0 + 2 * radius + 1, x0 : x0 + 2 * radius + 1].astype(np.float64)
    ys, xs = np.mgrid[: window.shape[0], : window.shape[1]]
    return np.array([(xs * window).sum(), (ys * window).sum()]) / window.sum() + (x0, y0)


def test_true_camera_reprojects_true_joints(augmented):
    joints = augmented['keypoints3d'][:, :3]
    pixels = FOCAL * joints[:, :2] / joints[:, 2:] + augmented['principal_point']
    assert np.abs(pixels - augmented['keypoints2d'][:, :2]).max() < 1e-9


def test_painted_joints_are_where_keypoints_say(packed):
    height, width = packed['img'].shape[-2:]
    isolated = 0
    for crop, affine in zip(packed['img'].numpy(), packed['roi_affines'].double().numpy()):
        places = apply_affine(affine, packed['keypoints2d'][:, :2].double().numpy())
        for i, place in enumerate(places):
            others = np.delete(places, i, axis=0)
            inside = (place > 12).all() and (place < (width - 13, height - 13)).all()
            if inside and np.abs(others - place).max(1).min() > 25:
                isolated += 1
                assert np.abs(spot_near(crop[0], place) - place).max() < 0.35
    assert isolated >= 5


def test_rois_and_affines_agree(packed):
    height, width = packed['img'].shape[-2:]
    for roi, affine in zip(packed['rois'].double(), packed['roi_affines'].double().numpy()):
        center = roi[:2].numpy() + packed['principal_point'].double().numpy()
        middle = ((width - 1) / 2, (height - 1) / 2)
        np.testing.assert_allclose(apply_affine(affine, center), middle, atol=1e-3)
        np.testing.assert_allclose(
            affine[:, :2], np.eye(2) * max(width, height) / roi[2].item(), rtol=1e-5
        )


def test_first_roi_holds_the_box(augmented):
    sample = MultiRoICrop(crop_size=(192, 256), num_rois=1)(augmented)
    corners = augmented['box_center'] + augmented['box_size'] * np.array([[-0.5, -0.5], [0.5, 0.5]])
    placed = apply_affine(sample['roi_affines'][0], corners)
    assert (placed >= -0.5 - 1e-9).all() and (placed <= np.array([192, 256]) - 0.5 + 1e-9).all()
    assert np.isclose(placed[0], -0.5).any()  # and is as large as possible


def true_cameras(packed, dtype=torch.float64):
    """Local cameras of all RoIs that come from the one true translation, (1, M, 3)."""
    rois = packed['rois'][None].to(dtype)
    full = packed['smpl_transl'][None, None].to(dtype).expand_as(rois)
    return full_to_crop_camera(full, rois, packed['focal_length'][None, None].to(dtype)), rois


def test_losses_vanish_for_the_true_camera(packed):
    cameras, rois = true_cameras(packed)
    assert camera_consistency_loss(cameras, rois) < 1e-8
    focal = packed['focal_length'][None].double()
    body = (packed['keypoints3d'][None, :, :3] - packed['smpl_transl']).double()
    pixels = FullCameraProjector()(body, cameras, rois, focal)
    target = packed['keypoints2d'][None].double()
    target[..., :2] -= packed['principal_point']
    assert (pixels - target[:, None, :, :2]).abs().max() < 0.1
    assert reprojection_loss(pixels, target, rois) < 1e-8


def test_translation_and_orientation_follow_the_camera():
    """A vertex v of SMPL, J0 + G (v - J0) + t, lands where the rolled camera sees it."""
    sample, angle = make_sample(), 33.0
    rolled = rotate_sample(sample, angle)
    vertex = np.array([0.3, -0.4, 0.1])

    def place(s):
        turn = cv2.Rodrigues(s['smpl_global_orient'])[0]
        return turn @ (vertex - REST) + REST + s['smpl_transl']

    roll = roma.rotvec_to_rotmat(torch.tensor([0.0, 0.0, np.deg2rad(angle)]).double()).numpy()
    np.testing.assert_allclose(place(rolled), roll @ place(sample), atol=1e-12)


def test_two_flips_and_a_full_turn_change_nothing():
    sample = make_sample()
    for back in (
        flip_sample(flip_sample(sample, MIRROR), MIRROR),
        rotate_sample(rotate_sample(sample, 130.0), -130.0),
    ):
        for name in (
            'keypoints2d',
            'keypoints3d',
            'smpl_transl',
            'principal_point',
            'image_affine',
        ):
            np.testing.assert_allclose(back[name], sample[name], atol=1e-9)


def test_flip_mirrors_pixels_exactly():
    sample = make_sample()
    flipped = flip_sample(sample, MIRROR)
    warped = cv2.warpAffine(sample['image'], flipped['image_affine'], (WIDTH, HEIGHT))
    np.testing.assert_array_equal(warped, sample['image'][:, ::-1])


def test_project_points_agrees_with_the_annotation():
    sample = make_sample()
    points = torch.from_numpy(sample['keypoints3d'][:, :3])
    pixels = project_points(
        points, torch.zeros(3).double(), torch.tensor(FOCAL).double(), torch.from_numpy(PRINCIPAL)
    )
    np.testing.assert_allclose(pixels.numpy(), sample['keypoints2d'][:, :2], atol=1e-9)


@pytest.mark.parametrize('num_rois', [1, 2, 3, 4, 5])
def test_fewer_rois_take_a_prefix(num_rois):
    every = MultiRoICrop()(make_sample())
    some = MultiRoICrop(num_rois=num_rois)(make_sample())
    np.testing.assert_array_equal(some['rois'], every['rois'][:num_rois])
    np.testing.assert_array_equal(some['img'], every['img'][:num_rois])


def test_random_rois_repeat_with_the_generator():
    crop = MultiRoICrop(random=True)
    first, again = crop(make_sample(1)), crop(make_sample(1))
    np.testing.assert_array_equal(first['rois'], again['rois'])
    fixed = MultiRoICrop()(make_sample(1))
    np.testing.assert_array_equal(first['rois'][0], fixed['rois'][0])
    assert not np.allclose(first['rois'][1:], fixed['rois'][1:])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'num_rois': 6}, 'num_rois=6'),
        ({'num_rois': 0}, 'num_rois=0'),
        ({'shifts': ((0, 0),)}, '1 shifts but 4 scales'),
        ({'crop_size': (0, 256)}, 'must be positive'),
        ({'scales': (1, 1, 1, -1)}, 'must be positive'),
    ],
)
def test_impossible_layouts_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MultiRoICrop(**options)
