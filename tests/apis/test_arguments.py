"""The Python interface takes every usual kind of an argument, and names the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mroi_plugin.apis.inferencer import Inferencer


def vertices(inferencer, inputs, **given):
    (result,) = inferencer(inputs, **given)
    assert result.error is None, result.error
    return result.instances[0].vertices, result.instances[0].focal_length


def test_every_kind_is_the_same_request(inferencer, people, tmp_path):
    path, box = people.path(0), people.box(0)
    pixels = np.asarray(Image.open(path).convert('RGB'))
    expected, focal = vertices(inferencer, pixels, boxes=box, focal_length=700)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    for inputs in (Image.fromarray(pixels), torch.from_numpy(pixels), tmp_path / 'a.png'):
        for boxes in (box.tolist(), torch.from_numpy(box).requires_grad_(), (tuple(box),)):
            for length in (700.0, np.float32(700), np.array([700]), torch.tensor(700)):
                found = vertices(inferencer, inputs, boxes=boxes, focal_length=length)
                np.testing.assert_allclose(found[0], expected, atol=1e-6)
                assert found[1] == focal
    matrix = people.matrix(0)
    by_array = vertices(inferencer, pixels, boxes=box, camera_matrix=matrix)
    for given in (matrix.tolist(), torch.from_numpy(matrix), {'array': torch.from_numpy(matrix)}):
        found = vertices(inferencer, pixels, boxes={'array': box}, camera_matrix=given)
        np.testing.assert_array_equal(found[0], by_array[0])


def test_paths_of_a_model(config, checkpoint, inferencer):
    model = Inferencer(Path(config), Path(checkpoint), 'cpu', batch_size=np.int64(2))
    assert model.batch_size == 2 and model.joint_names == inferencer.joint_names


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ({'config': 3}, 'config: int; expected a path'),
        ({'checkpoint': {'a': 1}}, 'checkpoint: dict; expected a path'),
        ({'batch_size': '8'}, "batch_size: '8'; expected a number, persons per forward pass"),
        ({'detector': 'NanoDetDetector'}, "detector: 'NanoDetDetector'; expected dict"),
        ({'options': 'model.type=x'}, "options: 'model.type=x'; expected a list"),
    ],
)
def test_other_kinds_for_a_model(config, checkpoint, given, message):
    with pytest.raises(TypeError, match=message):
        Inferencer(**{'config': config, 'checkpoint': checkpoint, **given})


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ({'inputs': 3}, 'inputs: int; expected paths, arrays, tensors, PIL images, or a list'),
        ({'inputs': ['a.jpg', None]}, r'inputs\[1\]: NoneType'),
        ({'focal_length': '700'}, "focal_length: '700'; expected a number, px"),
        ({'focal_length': [700, 700]}, r'focal_length: \[700, 700\]; expected a number'),
        ({'boxes': 5}, r'boxes: int; expected \(n, 4\) of x, y, w, h px'),
        ({'boxes': object()}, 'boxes: object; expected'),
        ({'focal_length': True}, 'focal_length: True; expected a number'),
    ],
)
def test_other_kinds_for_a_run_are_refused_at_once(inferencer, given, message):
    with pytest.raises(TypeError, match=message):
        inferencer(**{'inputs': 'a.jpg', **given})
