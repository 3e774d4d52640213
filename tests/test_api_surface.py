"""Names and signatures that others call stay what they are."""

from __future__ import annotations

import inspect

import pytest

from mroi_plugin import cameras, datasets, models

SIGNATURES = {
    cameras.crop_to_full_camera: ['camera', 'roi', 'focal_length'],
    cameras.full_to_crop_camera: ['full', 'roi', 'focal_length'],
    cameras.project_points: ['points', 'full_camera', 'focal_length', 'principal_point'],
    datasets.MultiRoICrop: ['crop_size', 'shifts', 'scales', 'num_rois', 'random', 'shared'],
    models.RoIPositionalEncoding: ['num_freqs', 'encoding'],
    models.RoIAwareFusion: [
        *('in_channels', 'num_rois', 'score', 'relation', 'num_freqs', 'hidden_channels'),
        'encoding',
    ],
    models.CameraConsistencyLoss: [
        *('weight_x', 'weight_y', 'weight_s', 'pairs', 'units', 'reduction', 'loss_weight')
    ],
    models.MultiRoIContrastiveLoss: [
        *('temperature', 'denominator', 'reduction', 'normalize', 'gather', 'loss_weight')
    ],
    models.FullCameraProjector: [],
}
DEFAULTS = {
    models.RoIPositionalEncoding: {'num_freqs': 32, 'encoding': 'exact'},
    models.RoIAwareFusion: {
        **{'score': 'mlp', 'relation': 'subtract_then_encode', 'num_freqs': 32},
        'encoding': 'exact',
    },
    models.CameraConsistencyLoss: {
        **{'weight_x': 0.1, 'weight_y': 0.1, 'weight_s': None, 'pairs': 'all'},
        **{'units': 'relative', 'reduction': 'mean', 'loss_weight': 1.0},
    },
    models.MultiRoIContrastiveLoss: {
        **{'temperature': 0.5, 'denominator': 'negatives', 'reduction': 'mean'},
        **{'normalize': True, 'gather': True, 'loss_weight': 0.1},
    },
    datasets.MultiRoICrop: {'crop_size': (192, 256), 'random': False},
}


def parameters(thing):
    if inspect.isclass(thing) and thing.__init__ is inspect.getattr_static(object, '__init__'):
        return {}
    found = dict(inspect.signature(thing).parameters)
    return {k: v for k, v in found.items() if v.kind not in (v.VAR_POSITIONAL, v.VAR_KEYWORD)}


@pytest.mark.parametrize('thing', SIGNATURES, ids=lambda t: t.__name__)
def test_parameters(thing):
    assert list(parameters(thing)) == SIGNATURES[thing]


@pytest.mark.parametrize('thing', DEFAULTS, ids=lambda t: t.__name__)
def test_defaults(thing):
    found = {name: parameters(thing)[name].default for name in DEFAULTS[thing]}
    assert found == DEFAULTS[thing]
