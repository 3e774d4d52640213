"""The renderer against projective geometry: positions, coverage, depth, occlusion, safety."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import trimesh

from mroi_plugin.visualization.renderer import Mesh, render
from mroi_plugin.visualization.shading import Lighting, vertex_normals

FOCAL, CENTER, SIZE = 300.0, (63.3, 47.8), (128, 96)


def _sphere(center: tuple, radius: float, subdivisions: int = 4) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions, radius)
    return Mesh(ball.vertices + center, ball.faces)


def _quad(corners: list, **options) -> Mesh:
    """Two triangles; corners clockwise in the image, so that the front faces the camera."""
    return Mesh(np.array(corners, float), np.array([[0, 2, 1], [0, 3, 2]]), **options)


def _rectangle_px(
    x0: float, y0: float, x1: float, y1: float, depth: float = 2.0, **options
) -> Mesh:
    """A rectangle parallel to the image that covers [x0, x1] x [y0, y1] px."""
    pixels = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    points = (pixels - CENTER) / FOCAL * depth
    return _quad([(*point, depth) for point in points], **options)


@pytest.mark.parametrize('center', [(0, 0, 3), (-0.4, 0.25, 3.5), (0.3, -0.2, 2)])
def test_mask_centroid_is_the_projected_center(center: tuple) -> None:
    out = render(_sphere(center, 0.05), FOCAL, CENTER, SIZE, supersample=4)
    rows, columns = np.indices(out.alpha.shape)
    weight = out.alpha / out.alpha.sum()
    expected = FOCAL * np.array(center[:2]) / center[2] + CENTER
    found = (weight * columns).sum(), (weight * rows).sum()
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_projected_vertices_lie_on_the_mask() -> None:
    mesh = _sphere((0.1, 0.05, 2.5), 0.3)
    mask = render(mesh, FOCAL, CENTER, SIZE, supersample=4).alpha > 0
    pixels = FOCAL * mesh.vertices[:, :2] / mesh.vertices[:, 2:] + CENTER
    low = np.floor(pixels).astype(int)
    around = [mask[low[:, 1] + y, low[:, 0] + x] for x in (0, 1) for y in (0, 1)]
    assert np.any(around, axis=0).all()
    rows, columns = np.nonzero(mask)
    for found, projected in ((columns, pixels[:, 0]), (rows, pixels[:, 1])):
        assert abs(found.min() - projected.min()) <= 0.5 + 1e-6
        assert abs(found.max() - projected.max()) <= 0.5 + 1e-6


def test_rectangle_covers_exactly_its_pixels() -> None:
    out = render(_rectangle_px(9.5, 19.5, 30.5, 40.5), FOCAL, CENTER, SIZE)
    expected = np.zeros((96, 128), bool)
    expected[20:41, 10:31] = True
    np.testing.assert_array_equal(out.alpha, expected.astype(np.float32))
    np.testing.assert_array_equal(out.mask, expected)


@pytest.mark.parametrize('samples', [1, 2, 4])
def test_supersampling_counts_covered_samples(samples: int) -> None:
    out = render(_rectangle_px(9.5, 19.5, 30.25, 40.0), FOCAL, CENTER, SIZE, supersample=samples)
    corner = {1: (1, 1), 2: (0.5, 0.5), 4: (0.75, 0.5)}[samples]
    assert out.alpha[25, 30] == corner[0]
    if samples > 1:
        assert out.alpha[40, 15] == corner[1]
        assert out.alpha[40, 30] == corner[0] * corner[1]
    assert out.alpha[30, 15] == 1


@pytest.mark.parametrize('samples', [1, 2, 3])
def test_depth_of_a_tilted_plane(samples: int) -> None:
    normal, offset = np.array([0.5, -0.3, -1.0]), -2.5
    corners = []
    for x, y in [(-0.9, -0.7), (0.9, -0.7), (0.9, 0.7), (-0.9, 0.7)]:
        corners.append((x, y, (offset - normal[0] * x - normal[1] * y) / normal[2]))
    out = render(_quad(corners), FOCAL, CENTER, SIZE, supersample=samples)
    rows, columns = np.indices(out.depth.shape)
    rays = np.stack([(columns - CENTER[0]) / FOCAL, (rows - CENTER[1]) / FOCAL, np.ones_like(rows)])
    analytic = offset / np.tensordot(normal, rays, 1)
    full = out.alpha == 1
    assert full.mean() > 0.9
    np.testing.assert_allclose(out.depth[full], analytic[full], rtol=1e-6)
    assert np.isinf(out.depth[out.alpha == 0]).all()


def test_colors_are_perspective_correct() -> None:
    corners = [(-0.5, -0.4, 2), (0.5, -0.4, 6), (0.5, 0.4, 6), (-0.5, 0.4, 2)]
    red = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], float)
    flat = Lighting(intensities=np.zeros((2, 3)), sky=np.ones(3), ground=np.ones(3))
    out = render(_quad(corners, colors=red), FOCAL, CENTER, SIZE, lighting=flat, supersample=1)
    expected = 255 * (out.depth - 2) / 4
    np.testing.assert_allclose(out.color[out.mask][:, 0], expected[out.mask], atol=0.51)


def test_nearer_mesh_hides_the_farther_in_any_order() -> None:
    near = _rectangle_px(30.5, 30.5, 60.5, 60.5, 2.0, colors=(1, 0, 0))
    far = _rectangle_px(20.5, 20.5, 80.5, 80.5, 3.0, colors=(0, 1, 0))
    for meshes, front in (([near, far], 0), ([far, near], 1)):
        out = render(meshes, FOCAL, CENTER, SIZE)
        assert (out.mesh_id[31:61, 31:61] == front).all()
        assert (out.mesh_id[21:31, 21:81] == 1 - front).all()
        assert out.mesh_id[5, 5] == -1
        assert np.allclose(out.depth[40, 40], 2) and np.allclose(out.depth[25, 25], 3)
        assert out.color[40, 40, 0] > 100 > out.color[40, 40, 1]


def test_back_faces() -> None:
    front = _rectangle_px(9.5, 9.5, 30.5, 30.5)
    back = Mesh(front.vertices, front.faces[:, ::-1])
    assert not render(back, FOCAL, CENTER, SIZE).mask.any()
    both = render(Mesh(back.vertices, back.faces, two_sided=True), FOCAL, CENTER, SIZE)
    np.testing.assert_array_equal(both.color, render(front, FOCAL, CENTER, SIZE).color)


def test_plane_that_passes_behind_the_camera() -> None:
    floor = _quad([(-50, 1, 40), (50, 1, 40), (50, 1, -40), (-50, 1, -40)], two_sided=True)
    out = render(floor, FOCAL, CENTER, SIZE, supersample=1)
    rows = np.arange(SIZE[1])
    depth = FOCAL / np.maximum(rows - CENTER[1], 1e-9)
    below = (rows > CENTER[1]) & (depth < 40)
    assert out.mask[below].all() and not out.mask[~below].any()
    np.testing.assert_allclose(out.depth[below, 10], depth[below], rtol=1e-5)


def test_bodies_behind_around_and_beside_the_camera() -> None:
    for center in [(0, 0, -3), (0, 0, 0), (0.01, 0, 0.02), (1e6, 0, 1), (0, -1e6, 1e-3)]:
        out = render(_sphere(center, 0.5, 3), FOCAL, CENTER, SIZE)
        assert not np.isnan(out.depth).any()
        assert not out.mask.any()
    inside = _sphere((0, 0, 0), 0.5, 3)
    out = render(Mesh(inside.vertices, inside.faces, two_sided=True), FOCAL, CENTER, SIZE)
    assert out.mask.all() and out.depth.max() < 0.51
    partly = render(_sphere((0.5, 0, 0.45), 0.5, 3), FOCAL, CENTER, SIZE)
    assert partly.mask.any() and not partly.mask.all()
    assert partly.depth[partly.mask].min() >= 0.02 - 1e-6


def test_degenerate_and_empty_input() -> None:
    point = Mesh(np.ones((3, 3)), np.array([[0, 1, 2]]), two_sided=True)
    assert not render(point, FOCAL, CENTER, SIZE).mask.any()
    background = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    out = render([], FOCAL, CENTER, SIZE, background=background)
    np.testing.assert_array_equal(out.color, background)
    nan = Mesh(np.full((3, 3), np.nan), np.array([[0, 1, 2]]))
    assert not render(nan, FOCAL, CENTER, SIZE).mask.any()


def test_background_is_kept_and_not_modified() -> None:
    background = np.full((96, 128, 3), 200, np.uint8)
    out = render(_rectangle_px(9.5, 9.5, 30.5, 30.5), FOCAL, CENTER, SIZE, background=background)
    assert (background == 200).all()
    assert (out.color[out.alpha == 0] == 200).all() and (out.color[20, 20] != 200).any()


def test_shared_edges_leave_no_gaps() -> None:
    out = render(_sphere((0.02, 0.01, 1.4), 0.2, 5), FOCAL, CENTER, SIZE, supersample=3)
    rows = np.nonzero(out.mask.any(1))[0]
    for row in rows:
        columns = np.nonzero(out.alpha[row] > 0)[0]
        assert (out.alpha[row, columns[1:-1]] > 0).all() and np.ptp(columns) == len(columns) - 1
    inner = out.alpha[rows[3] : rows[-3], 60:70]
    assert (inner == 1).all()


def test_vertex_normals_of_a_sphere_point_outward() -> None:
    ball = trimesh.creation.icosphere(3, 2.0)
    normals = vertex_normals(np.asarray(ball.vertices), np.asarray(ball.faces))
    np.testing.assert_allclose(normals, ball.vertices / 2.0, atol=2e-2)


def test_same_picture_from_many_threads() -> None:
    mesh = _sphere((0, 0, 2), 0.3)
    expected = render(mesh, FOCAL, CENTER, SIZE).color
    results: list = [None] * 4

    def work(index: int) -> None:
        results[index] = render(mesh, FOCAL, CENTER, SIZE).color

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'focal_length': 0.0}, 'focal_length'),
        ({'image_size': (0, 10)}, 'image_size'),
        ({'supersample': 0}, 'supersample'),
        ({'background': np.zeros((128, 96, 3), np.uint8)}, 'background'),
        ({'meshes': Mesh(np.ones((3, 2)), np.array([[0, 1, 2]]))}, 'vertices'),
        ({'meshes': Mesh(np.ones((3, 3)), np.array([[0, 1, 3]]))}, 'faces'),
    ],
)
def test_errors_name_the_argument(options: dict, words: str) -> None:
    arguments = {
        'meshes': _sphere((0, 0, 2), 0.1, 1),
        'focal_length': FOCAL,
        'principal_point': CENTER,
        'image_size': SIZE,
    }
    with pytest.raises(ValueError, match=words):
        render(**{**arguments, **options})
