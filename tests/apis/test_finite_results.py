"""Outputs of the network that are no body are named with the image, and reach no file."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from mroi_plugin.structures.coco_file import write_coco
from mroi_plugin.structures.results import require_finite
from mroi_plugin.structures.writers import WRITERS


@pytest.fixture
def broken(inferencer):
    """An inferencer whose network is changed."""
    model = copy.copy(inferencer)
    model.model = copy.deepcopy(inferencer.model)
    return model


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_outputs_of_finite_weights(broken, people, value):
    """Both persons of the first image, and nobody of the others, go through one batch."""
    forward = broken.model.forward

    def overflow(*args, **kwargs):
        out = forward(*args, **kwargs)
        out[1]['pred_vertices'][5] = value
        return out

    broken.model.forward = overflow
    boxes = {people.path(0): np.array([people.box(0), people.box(0)])}
    boxes[people.path(1)] = people.box(1)
    first, second = broken([people.path(0), people.path(1)], boxes=boxes)
    assert first.problems == ('person 1: vertices is NaN or infinite.',)
    assert len(first.instances) == 1 and first.error is None
    assert second.error is None and len(second.instances) == 1


def test_a_body_behind_the_camera(broken, people):
    """A network whose scales are negative; without the check, its consensus is NaN."""
    forward = broken.model.forward

    def turned(*args, **kwargs):
        out = forward(*args, **kwargs)
        for person in out:
            person['pred_cam_full'] = -person['pred_cam_full'].abs()
        return out

    broken.model.forward = turned
    (result,) = broken(people.path(0), boxes=people.box(0))
    (problem,) = result.problems
    assert problem.startswith('person 0: the network puts the body behind the camera')
    assert not result.instances


def test_a_focal_length_that_no_image_has(inferencer, people):
    (result,) = inferencer(people.path(0), boxes=people.box(0), focal_length=1e20)
    assert 'the focal length is 1e+20, expected between' in result.error


SPOILT = {
    'vertices': lambda p: replace(p, vertices=p.vertices * np.float32('nan')),
    'betas': lambda p: replace(p, betas=p.betas * np.float32('inf')),
    'spread_px': lambda p: replace(p, spread_px=float('nan')),
    'focal_length': lambda p: replace(p, focal_length=1e39),
    'fusion_weights': lambda p: replace(p, fusion_weights=np.full((5, 5), np.nan)),
    'behind the camera': lambda p: replace(p, full_cameras=-p.full_cameras),
}


@pytest.mark.parametrize('what', SPOILT)
def test_no_file_of_nan(inferencer, people, tmp_path, what):
    (result,) = inferencer(people.path(0), boxes=people.box(0))
    require_finite(result)
    spoilt = replace(result, instances=[SPOILT[what](result.instances[0])])
    for writer in WRITERS.values():
        with pytest.raises(ValueError, match=rf'\.jpg, person 0: .*{what}.* No file is written'):
            writer(spoilt, tmp_path / 'a')
    with pytest.raises(ValueError, match=what):
        write_coco([spoilt], tmp_path / 'coco.json')
    assert not list(tmp_path.iterdir())


def test_the_checkpoint_is_named(config, checkpoint, tmp_path):
    from mroi_plugin.apis.inferencer import Inferencer

    weights = torch.load(checkpoint, weights_only=True)
    name = next(name for name in weights if weights[name].dim() == 4)
    weights[name][0, 0, 0, 0] = float('nan')
    torch.save(weights, tmp_path / 'nan.pth')
    with pytest.raises(ValueError, match=rf'nan\.pth: {name} is not finite in 1 of'):
        Inferencer(config, str(tmp_path / 'nan.pth'), 'cpu')
