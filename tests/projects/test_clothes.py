"""Clothes of the synthetic people: they have volume, cover the skin, and follow every pose."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from synthetic_humans.body import SyntheticBody
from synthetic_humans.clearance import Clearance
from synthetic_humans.materials import DECAL, SIDE
from synthetic_humans.outfits import OUTFITS, RESERVED, draw_outfit_number, outfit
from synthetic_humans.people import sample_person
from synthetic_humans.stock_images import LICENSES, load_stock_images
from synthetic_humans.stock_images import RESERVED as RESERVED_IMAGES
from synthetic_humans.surfaces import cut, grid_faces
from synthetic_humans.tailor import Tailor
from synthetic_humans.tubes import make_skirt

from mroi_plugin.models.body_models.free_body import load_free_body
from mroi_plugin.visualization.shading import vertex_normals


@pytest.fixture(scope='module')
def body():
    return SyntheticBody(load_free_body())


@pytest.fixture(scope='module')
def tailor(body):
    return Tailor(body)


@pytest.fixture(scope='module')
def people(body):
    rng, clearance = np.random.default_rng(0), Clearance(body)
    return [sample_person(rng, body, clearance) for _ in range(12)]


def test_cutting_keeps_what_is_inside_and_ends_on_the_line():
    columns, rows = 9, 7
    x, y = np.meshgrid(np.arange(columns, dtype=float), np.arange(rows, dtype=float))
    points = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1)
    field = 4.3 - points[:, 0] - 0.2 * points[:, 1]
    piece = cut(grid_faces(rows, columns, False), field)
    placed, values = piece.take(points), piece.take(field)
    assert values.min() > -1e-12 and np.isclose(values, 0).any()
    a, b, c = (placed[piece.faces[:, i]] for i in range(3))
    area = np.abs(np.cross(b - a, c - a)[:, 2]).sum() / 2
    assert np.isclose(area, 6 * (4.3 - 0.2 * 3))  # a trapezoid, 4.3 wide below, 3.1 above


def test_cutting_nothing_and_everything():
    faces = grid_faces(3, 3, False)
    assert len(cut(faces, -np.ones(9)).faces) == 0
    whole = cut(faces, np.ones(9))
    assert len(whole.faces) == len(faces) and len(whole.share) == 9


def test_garments_lie_outside_the_skin(tailor, people, body):
    """Vertices of cloth are above the skin that is nearest to them, in every pose."""
    above = []
    for number, person in enumerate(people):
        outer = outfit(5 * number + 1).garments[0]
        surfaces, _ = tailor.dress(np.random.default_rng(number), 5 * number + 1, person)
        cloth, skin = surfaces[0].vertices, person.vertices
        assert len(cloth) > 500 and outer.offset > 0
        nearest = cKDTree(skin).query(cloth)[1]
        normals = vertex_normals(skin, body.faces)[nearest]
        above.append(((cloth - skin[nearest]) * normals).sum(1))
    above = np.concatenate(above)
    assert (above > 0).mean() > 0.98 and np.quantile(above, 0.002) > -0.03
    assert np.median(above) > 0.005


def test_normals_are_unit_and_coords_have_four_columns(tailor, people):
    surfaces, materials = tailor.dress(np.random.default_rng(0), 11, people[0])
    for surface in surfaces:
        used = np.unique(surface.faces)
        assert np.allclose(np.linalg.norm(surface.normals[used], axis=1), 1, atol=1e-6)
        assert surface.coords.shape == (len(surface.vertices), 4)
        assert materials[surface.material].texture.shape == (SIDE, SIDE, 3)
    assert sum(material.mode == DECAL for material in materials) == 1


def test_front_and_back_of_a_head_differ(tailor, people):
    surfaces, materials = tailor.dress(np.random.default_rng(0), 1, people[0])
    face = next(s for s in surfaces if materials[s.material].mode == DECAL)
    nose = tailor.body.landmarks['nose']
    assert (face.faces == nose).any()
    assert materials[face.material].texture.std((0, 1)).min() > 0.03
    back = tailor.body.template[np.unique(face.faces), 2]
    assert back.min() > 0


def test_a_skirt_bridges_the_legs(tailor, people, body):
    """Between the knees there is cloth before and behind, whatever the pose."""
    cut_of = next(o.skirt for o in map(outfit, range(200)) if o.skirt and o.skirt.low < -0.5)
    rng = np.random.default_rng(0)
    for person in people[:4]:
        rest = body.rest_vertices_of(person.betas)
        skirt = make_skirt(rng, cut_of, person, body, rest)
        assert np.isfinite(skirt.vertices).all() and skirt.two_sided
        gaps = np.linalg.norm(skirt.vertices - np.roll(skirt.vertices, 1, 0), axis=1)
        assert np.median(gaps) < 0.15
        rings = skirt.vertices.reshape(-1, 40, 3)
        knees = person.joints[[4, 5]].mean(0)
        assert np.linalg.norm(rings.mean(1) - knees, axis=1).min() < 0.25


def test_outfits_are_a_catalog_of_which_a_share_is_reserved():
    rng = np.random.default_rng(0)
    numbers = {r: {draw_outfit_number(rng, r) for _ in range(500)} for r in (False, True)}
    assert all(n % RESERVED == 0 for n in numbers[True])
    assert all(n % RESERVED for n in numbers[False])
    assert max(numbers[False] | numbers[True]) < OUTFITS
    first, again, other = outfit(7), outfit(7), outfit(8)
    assert np.array_equal(first.garments[0].cloth.texture, again.garments[0].cloth.texture)
    assert not np.array_equal(first.garments[0].cloth.texture, other.garments[0].cloth.texture)


def test_outfits_are_of_all_kinds():
    outfits = [outfit(number) for number in range(300)]
    assert 0.15 < np.mean([o.skirt is not None for o in outfits]) < 0.4
    assert 0.85 < np.mean([o.shoes is not None for o in outfits]) < 1
    garments = [g for o in outfits for g in o.garments]
    assert any(g.opening > 0 for g in garments) and any(g.sleeve > 0.65 for g in garments)
    assert any(g.low < -0.8 for g in garments) and any(-0.35 < g.low < -0.15 for g in garments)


def test_no_stock_image_shows_people_and_splits_do_not_share_them():
    assert not {'astronaut.png', 'camera.png', 'lfw_subset.npy'} & set(LICENSES)
    assert set(RESERVED_IMAGES) < set(LICENSES)
    train, test = load_stock_images(False), load_stock_images(True)
    assert len(train) + len(test) == len(LICENSES)
    assert all(image.ndim == 3 for image in (*train, *test))
