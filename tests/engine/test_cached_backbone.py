"""Cached features and the backbone of a checkpoint belong together."""

from __future__ import annotations

import pytest

from mroi_plugin.engine.cached_backbone import check_cached_backbone
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import build_model


def state_of(config, *options):
    return build_model(load_config(config, options=options).model).state_dict()


@pytest.mark.parametrize('rounded', [False, True])
def test_the_backbone_that_the_features_are_of(rounded):
    state = state_of('cliff_open')
    if rounded:
        state = {name: value.half() for name, value in state.items()}
    check_cached_backbone(load_config('cliff_open_cached'), state, 'own.pth')


def test_another_backbone_is_refused():
    """On images it is as good as any."""
    state = state_of('cliff_open', 'model.backbone.variant=full')
    with pytest.raises(ValueError, match=r'old.pth: its backbone differs .*\(backbone.network'):
        check_cached_backbone(load_config('cliff_open_cached'), state, 'old.pth')
    check_cached_backbone(load_config('cliff_open'), state, 'old.pth')
    check_cached_backbone(load_config('mroi_open_landmarks'), state, 'old.pth')


def test_a_checkpoint_without_a_backbone_has_no_other():
    check_cached_backbone(load_config('cliff_open_cached'), {}, 'head.pth')
