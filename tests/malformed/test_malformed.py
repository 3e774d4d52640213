"""Every malformed input of the tables ends in its error, which names the place and the remedy."""

from __future__ import annotations

import warnings

import pytest
import table_annotations
import table_bodies
import table_boxes
import table_checkpoints
import table_configs
import table_given
import table_images
from mmengine.registry import DefaultScope
from scene import Scene

TABLES = {
    'annotations': table_annotations,
    'images': table_images,
    'boxes': table_boxes,
    'given': table_given,
    'bodies': table_bodies,
    'configs': table_configs,
    'checkpoints': table_checkpoints,
}
CASES = [
    pytest.param(*case, id=f'{table}: {name}')
    for table, module in TABLES.items()
    for name, *case in module.CASES
]


@pytest.fixture
def scene(in_workspace, tmp_path, monkeypatch):
    """Good input in a folder of its own; the working directory has the data."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    return Scene(tmp_path, in_workspace)


@pytest.mark.parametrize(('spoil', 'error', 'phrases'), CASES)
def test_malformed_input(scene, spoil, error, phrases):
    with pytest.raises(error) as raised, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        spoil(scene)
    message = str(raised.value)
    assert [phrase for phrase in phrases if phrase not in message] == [], message


def test_good_input_is_accepted(scene):
    dataset = scene.dataset()
    assert len(dataset) == 8 and all(len(dataset[i]['img']) == 5 for i in range(8))
    assert scene.image(scene.good_image())['img'].any()


def test_there_are_enough_cases():
    assert len(CASES) >= 250 and len({case.id for case in CASES}) == len(CASES)
