"""The host's modules that say ``np.int`` and ``np.bool`` work; numpy stays as it is."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from mroi_plugin.mmhuman3d_compat.numpy_names import USERS, numpy_with_old_names
from mroi_plugin.registry import TRANSFORMS


@pytest.mark.parametrize('name', USERS)
def test_users_see_the_old_names(name):
    module = importlib.import_module(name)
    assert np.zeros(1).astype(module.np.int).dtype.kind == 'i'
    assert np.zeros(1).astype(module.np.bool).dtype == bool
    assert module.np.linalg is np.linalg and module.np.ndarray is np.ndarray


def test_numpy_is_left_alone():
    assert numpy_with_old_names() is not np
    if tuple(map(int, np.__version__.split('.')[:2])) >= (1, 24):
        assert not hasattr(np, 'int')


def test_rotation_of_the_host_turns_2d_keypoints():
    step = TRANSFORMS.build(dict(type='mmhuman3d.Rotation'))
    sample = {
        'img': np.zeros((40, 60, 3), np.uint8),
        'rotation': 90.0,
        'center': np.array([30.0, 20.0]),
        'keypoints2d': np.array([[30.0, 20.0, 1.0]]),
        'ann_info': {},
    }
    assert step(sample)['keypoints2d'].shape == (1, 3)
