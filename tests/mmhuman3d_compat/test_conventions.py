"""Keypoint conventions of mmhuman3d."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.mmhuman3d_compat.conventions import (
    flip_permutation,
    from_human_data,
    keypoint_names,
)


@pytest.mark.parametrize('convention', ['smpl_54', 'human_data', 'h36m', 'lsp'])
def test_a_mirror_twice_is_nothing(convention):
    order, names = flip_permutation(convention), keypoint_names(convention)
    assert (order[order] == np.arange(len(names))).all()
    for name, other in zip(names, np.array(names)[order]):
        assert name == other or {'left' in name, 'left' in other} == {True, False}


def test_the_order_cannot_be_spoilt_for_the_next_caller():
    with pytest.raises(ValueError, match='read-only'):
        flip_permutation('smpl_54')[0] = 3


def test_unknown_conventions_are_named():
    with pytest.raises(ValueError, match="convention='feet' is unknown to mmhuman3d; expected"):
        keypoint_names('feet')


def test_joints_come_from_human_data_by_name():
    names, source = keypoint_names('smpl_54'), keypoint_names('human_data')
    keypoints = np.ones((2, 190, 3))
    keypoints[:, :, 0] = np.arange(190)
    mask = np.ones(190)
    converted = from_human_data(keypoints, mask, 'smpl_54')
    assert converted.shape == (2, len(names), 3) and converted.dtype == np.float32
    nose = names.index('nose')
    assert source[int(converted[0, nose, 0])] == 'nose'


def test_joints_that_are_not_annotated_or_nan_have_no_confidence():
    names, source = keypoint_names('smpl_54'), keypoint_names('human_data')
    keypoints, mask = np.ones((2, 190, 4)), np.ones(190)
    mask[source.index('nose')] = 0
    keypoints[1, source.index('left_knee'), 1] = np.nan
    converted = from_human_data(keypoints, mask, 'smpl_54')
    assert (converted[:, names.index('nose')] == 0).all()
    assert (converted[1, names.index('left_knee')] == 0).all()
    assert (converted[0, names.index('left_knee')] == 1).all()
