"""What the adapter refuses, and what it says to use instead."""

from __future__ import annotations

import pytest

from mroi_plugin.adapters.supported_architectures import (
    UnsupportedArchitectureError,
    check_architecture,
)


@pytest.mark.parametrize(
    ('architecture', 'named', 'instead'),
    [
        ({'type': 'VideoBodyModelEstimator'}, 'video', 'ImageBodyModelEstimator'),
        ({'type': 'SMPLXImageBodyModelEstimator'}, 'SMPL-X', 'ImageBodyModelEstimator'),
        ({'type': 'mmhuman3d.PyMAFX'}, 'SMPL-X', 'ImageBodyModelEstimator'),
        (
            {'type': 'ImageBodyModelEstimator', 'registration': {'mode': 'in_the_loop'}},
            'static_fits',
            'spin_synthetic',
        ),
        (
            {'type': 'ImageBodyModelEstimator', 'loss_segm_mask': {'type': 'CrossEntropyLoss'}},
            'pytorch3d',
            'pare_synthetic',
        ),
    ],
)
def test_unsupported_parts_are_named_with_an_alternative(architecture, named, instead):
    with pytest.raises(UnsupportedArchitectureError) as caught:
        check_architecture(architecture)
    assert named in str(caught.value) and instead in str(caught.value)


def test_every_architecture_of_the_host_is_accepted_or_named():
    from mroi_plugin.adapters.supported_architectures import UNSUPPORTED
    from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d

    load_mmhuman3d()
    from mmhuman3d.models.architectures.builder import ARCHITECTURES

    supported = {'ImageBodyModelEstimator', 'CliffImageBodyModelEstimator', 'HybrIK_trainer'}
    ours = {'MultiRoIEstimator'}
    assert set(ARCHITECTURES.module_dict) <= supported | ours | set(UNSUPPORTED)
