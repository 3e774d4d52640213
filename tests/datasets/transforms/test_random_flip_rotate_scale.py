"""How often, and how far, samples are mirrored, rolled and scaled."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from locations import ROOT
from mmengine.config import Config

from mroi_plugin.datasets.transforms.augmentation import RandomFlipRotateScale
from mroi_plugin.registry import TRANSFORMS

DRAWS = 4000
LARGE = ('mroi_resnet50', 'mroi_hrnet48', 'mroi_resnet50_pw3d_ft')


def upright(rng):
    """A person without joints to speak of, facing the camera."""
    return {
        'image_affine': np.eye(2, 3),
        'img_size': (640, 480),
        'principal_point': np.array([320.0, 240.0]),
        'box_center': np.array([300.0, 200.0]),
        'box_size': np.array([100.0, 200.0]),
        'keypoints2d': np.zeros((54, 3)),
        'keypoints3d': np.zeros((54, 4)),
        'smpl_global_orient': np.zeros(3),
        'smpl_body_pose': np.zeros((23, 3)),
        'smpl_transl': np.array([0, 0, 4.0]),
        'smpl_rest_pelvis': np.zeros(3),
        'rng': rng,
    }


def measured(augment):
    """Share of mirrors and rolls, and the rolls in degrees."""
    rng = np.random.default_rng(0)
    affines = np.array([augment(upright(rng))['image_affine'] for _ in range(DRAWS)])
    flipped = np.linalg.det(affines[:, :, :2]) < 0
    angles = np.rad2deg(np.arctan2(affines[:, 1, 0], affines[:, 1, 1]))
    rolled = np.abs(angles) > 1e-9
    return flipped.mean(), rolled.mean(), angles[rolled]


@pytest.mark.parametrize('name', LARGE)
def test_the_papers_recipe_rolls_as_spin_does(name):
    """SPIN sets the angle to zero with probability 0.6; 4,000 draws, 4 standard errors."""
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / f'{name}.py')
    flips, rolls, angles = measured(TRANSFORMS.build(cfg.train_dataloader.dataset.pipeline.augment))
    print(f'{name}: {rolls:.3f} rolled, {flips:.3f} mirrored, {angles.std():.1f} degrees')
    assert flips == pytest.approx(0.5, abs=0.032) and rolls == pytest.approx(0.4, abs=0.031)
    assert np.abs(angles).max() <= 60 + 1e-6 and 25 < angles.std() < 30


def test_spins_probability_is_the_default():
    default = inspect.signature(RandomFlipRotateScale).parameters['rotation_prob'].default
    assert default == 0.4
    assert measured(RandomFlipRotateScale(rotation_prob=0))[1] == 0
    assert measured(RandomFlipRotateScale(rotation_prob=1))[1] == 1


@pytest.mark.parametrize('options', [{'rotation_prob': 1.1}, {'rotation_prob': -0.1}])
def test_impossible_probabilities_are_named(options):
    with pytest.raises(ValueError, match=r'rotation_prob=.*0\.\.1'):
        RandomFlipRotateScale(**options)


def test_boxes_are_shifted_by_shares_of_their_size_and_nothing_else_moves():
    options = {'flip_prob': 0.0, 'rotation_prob': 0.0, 'scale': 0.0}
    shifted, plain = (RandomFlipRotateScale(**options, shift=s) for s in (0.1, 0.0))
    moves = []
    for seed in range(DRAWS // 4):
        found, expected = (a(upright(np.random.default_rng(seed))) for a in (shifted, plain))
        moves.append((found['box_center'] - expected['box_center']) / expected['box_size'])
        for name in expected.keys() - {'box_center', 'rng'}:
            assert np.array_equal(found[name], expected[name]), name
    moves = np.array(moves)
    assert np.abs(moves).max() <= 0.2 and np.abs(moves.mean(0)).max() < 0.012
    assert moves.std(0) == pytest.approx(0.096, abs=0.008)  # of 0.1, cut at twice that
