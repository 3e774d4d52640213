"""Persons whose truth is known, and how our data set reads a file of them."""

from __future__ import annotations

import pytest
from annotation_formats import make_truth

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset

FREE = {'type': 'SMPLBody', 'free_body': True, 'model_path': 'no/licensed/files'}


@pytest.fixture(scope='session')
def truth():
    return make_truth()


@pytest.fixture(scope='session')
def wide_truth():
    """Focal lengths differ between the axes, as in 3DPW."""
    return make_truth(focal_ratio=1.004)


@pytest.fixture(scope='session')
def middle_truth():
    """The principal point is the middle of the image."""
    return make_truth(middle=True)


@pytest.fixture
def read():
    """Our data set on a file, as configs build it for tests."""

    def build(path, image_dir='.', **options):
        steps = [{'type': 'LoadImage'}, {'type': 'MultiRoICrop'}, {'type': 'PackMultiRoIInputs'}]
        options = {'body_model': FREE, 'box_padding': 1.0, **options}
        return MultiRoIHumanDataset(str(path), str(image_dir), steps, **options)

    return build
