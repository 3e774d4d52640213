"""Frusta stand where the cameras do, and meet the image where the RoIs are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mroi_plugin.visualization.drawing import roi_corners
from mroi_plugin.visualization.frusta import camera_positions, image_plane, roi_frusta


@pytest.fixture(scope='module')
def result(inferencer, people):
    (found,) = inferencer(people.path(0), people.box(0)[None])
    return found


def test_a_body_is_where_each_camera_says(result):
    person = result.instances[0]
    places = camera_positions(person)
    assert places.shape == (5, 3) and np.abs(places).max() > 1e-3
    np.testing.assert_allclose(places + person.full_cameras, np.tile(person.trans, (5, 1)), 1e-5)


@pytest.mark.parametrize('crop_size', [(48, 64), (64, 48)])
def test_bases_project_to_the_rois(result, crop_size):
    """Of cameras that agree, in the image."""
    person = result.instances[0]
    person = replace(person, full_cameras=np.tile(person.trans, (5, 1)))
    frusta = roi_frusta(person, 7.0, crop_size)
    assert frusta.shape == (5, 8, 2, 3)
    np.testing.assert_array_equal(frusta[:, :4, 0], 0)
    for lines, roi in zip(frusta, person.rois):
        base = lines[4:, 0]
        np.testing.assert_array_equal(base, lines[:4, 1])
        pixels = base[:, :2] / base[:, 2:] * person.focal_length + person.principal_point
        np.testing.assert_allclose(
            pixels, roi_corners(roi, person.principal_point, crop_size), atol=1e-3
        )
        np.testing.assert_array_equal(base[:, 2], 7.0)


def test_the_plane_projects_to_the_image():
    size, focal, point = (640, 480), 700.0, np.array([300.0, 250.0])
    center, (width, height) = image_plane(size, focal, point, 4.0)
    corner = center + np.array([-width / 2, -height / 2, 0])
    np.testing.assert_allclose(corner[:2] / corner[2] * focal + point, [-0.5, -0.5], atol=1e-9)
    assert center[2] == 4.0 and width / height == pytest.approx(640 / 480)
