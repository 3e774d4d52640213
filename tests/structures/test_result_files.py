"""Every file is read again and compared with what was written."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
import trimesh

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.structures.coco_file import write_coco
from mroi_plugin.structures.json_file import read_json
from mroi_plugin.structures.npz_file import read_npz
from mroi_plugin.structures.results import ImageResult, InstanceResult
from mroi_plugin.structures.writers import WRITERS
from mroi_plugin.utils.atomic_files import atomic_file
from mroi_plugin.visualization.scene import meshes_over_image


def person(body, seed, rois=5):
    generator = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng(seed)
    pose = torch.randn(1, 24, 3, generator=generator) * 0.3
    posed = body(
        global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=torch.randn(1, 10), pose2rot=True
    )
    floats = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in {
            'bbox': 4,
            'pose': (24, 3, 3),
            'betas': 10,
            'rois': (rois, 3),
            'local_cameras': (rois, 3),
            'fusion_weights': (rois, rois),
        }.items()
    }
    cameras = (rng.normal(size=(rois, 3)) * 0.2 + [0.3 * seed, 0.1, 5 + seed]).astype(np.float32)
    return InstanceResult(
        **floats,
        score=float(rng.uniform()),
        vertices=posed['vertices'][0].numpy(),
        joints=posed['joints'][0].numpy(),
        focal_length=812.25,
        principal_point=np.array([311.5, 233.25], np.float32),
        trans=(cameras[0] + 0.05).astype(np.float32),
        full_cameras=cameras,
        consensus_camera=cameras.mean(0),
        spread_px=float(rng.uniform()),
        spread_m=0.1,
        confidence=1 / 3,
        track=seed - 1,
    )


@pytest.fixture(scope='module')
def result(body):
    faces = np.asarray(body.faces, np.int64)
    persons = [person(body, seed) for seed in range(3)]
    return ImageResult(
        'a/ä.jpg', (640, 480), persons, faces, keypoint_names('smpl_54'), crop_size=(48, 64)
    )


EMPTY = ImageResult('b.jpg', (64, 48), [], np.zeros((0, 3), np.int64), ('pelvis',))
FAILED = ImageResult('c.jpg', (0, 0), error='no image')


def same(a, b, but=()):
    for field in fields(ImageResult):
        if field.name not in ('instances', 'image', *but):
            left, right = getattr(a, field.name), getattr(b, field.name)
            assert np.array_equal(left, right), field.name
    assert len(a.instances) == len(b.instances)
    for left, right in zip(a.instances, b.instances):
        for field in fields(InstanceResult):
            x, y = getattr(left, field.name), getattr(right, field.name)
            assert type(x) is type(y) and np.array_equal(x, y), field.name
            assert getattr(x, 'dtype', None) == getattr(y, 'dtype', None), field.name


@pytest.mark.parametrize('frame', [None, 0, 7])
def test_npz_is_exact(result, tmp_path, frame):
    given = replace(result, frame=frame)
    same(read_npz(WRITERS['npz'](given, tmp_path / 'a')), given)


def test_json_is_exact_but_for_meshes(result, tmp_path):
    path = WRITERS['json'](result, tmp_path / 'a')
    back = read_json(path)
    same(back, result.without_meshes(), but=('faces',))
    assert back.instances[0].vertices.shape == (0, 3)
    content = json.loads(path.read_text())
    assert 'vertices' not in content['instances'][0] and path.stat().st_size < 60_000
    assert content['version'] == 3 and len(content['instances']) == 3
    assert content['instances'][1]['betas'][2] == float(str(result.instances[1].betas[2]))


@pytest.mark.parametrize('given', [EMPTY, FAILED])
def test_nobody_and_errors_are_written_too(tmp_path, given):
    for read, name in ((read_npz, 'npz'), (read_json, 'json')):
        back = read(WRITERS[name](given, tmp_path / name))
        assert back.instances == [] and back.error == given.error and back.size == given.size
    for name in ('obj', 'ply', 'glb'):
        assert WRITERS[name](given, tmp_path / name) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ['json.json', 'npz.npz']


def test_without_weights_of_a_fusion(result, tmp_path):
    bare = replace(result, instances=[replace(p, fusion_weights=None) for p in result.instances])
    same(read_npz(WRITERS['npz'](bare, tmp_path / 'a')), bare)
    same(read_json(WRITERS['json'](bare, tmp_path / 'a')), bare.without_meshes(), but=('faces',))


def test_columns_of_other_tools(result, tmp_path):
    with np.load(WRITERS['npz'](result, tmp_path / 'a')) as file:
        poses, trans, pixels = file['poses'], file['trans'], file['joints2d']
    assert poses.shape == (3, 72) and trans.shape == (3, 3) and pixels.shape == (3, 54, 2)
    np.testing.assert_array_equal(trans[1], result.instances[1].trans)
    np.testing.assert_allclose(pixels[2], result.instances[2].joints2d, rtol=1e-6)


def glb_projection(scene, node, size):
    """Pixels of a node's vertices through the camera of the file, by glTF's own definition."""
    transform, name = scene.graph[node]
    points = trimesh.transform_points(scene.geometry[name].vertices, transform)
    turned = trimesh.transform_points(points, np.linalg.inv(scene.camera_transform))
    fov = np.deg2rad(scene.camera.fov[1])
    focal = size[1] / 2 / np.tan(fov / 2)
    return focal * np.stack([turned[:, 0], -turned[:, 1]], 1) / -turned[:, 2:]


def test_glb_projects_to_where_the_picture_shows_it(result, tmp_path):
    scene = trimesh.load(WRITERS['glb'](result, tmp_path / 'a'))
    assert sorted(scene.geometry) == ['instance_0', 'instance_1', 'instance_2']
    for i, one in enumerate(result.instances):
        pixels = glb_projection(scene, f'instance_{i}', result.size)
        expected = one.project(one.vertices) - one.principal_point
        assert len(pixels) == 6890
        np.testing.assert_allclose(pixels, expected, atol=0.01)


def test_axes_of_glb_are_upright(result, tmp_path):
    """glTF: y up; a body before the camera has negative z, and faces look outwards."""
    scene = trimesh.load(WRITERS['glb'](result, tmp_path / 'a'))
    for i, one in enumerate(result.instances):
        mesh = scene.geometry[f'instance_{i}']
        expected = (one.vertices + one.trans) * [1, -1, -1]
        np.testing.assert_allclose(mesh.vertices, expected, atol=1e-5)
        assert mesh.volume > 0.02


def test_obj_and_ply_hold_all_persons(result, tmp_path):
    text = WRITERS['obj'](result, tmp_path / 'a').read_text()
    assert [line for line in text.splitlines() if line.startswith('o ')] == [
        f'o instance_{i}' for i in range(3)
    ]
    expected = np.concatenate([(p.vertices + p.trans) * [1, -1, -1] for p in result.instances])
    for name in ('obj', 'ply'):
        path = WRITERS[name](result, tmp_path / 'a')
        mesh = trimesh.load(path, process=False, force='mesh')
        assert len(mesh.vertices) == 3 * 6890 and len(mesh.faces) == 3 * len(result.faces)
        np.testing.assert_allclose(mesh.vertices, expected, atol=1e-5)


def test_coco_results(result, tmp_path):
    path = write_coco([EMPTY, result, FAILED], tmp_path / 'coco.json')
    entries = json.loads(path.read_text())
    assert [e['image_id'] for e in entries] == [1, 1, 1]
    assert {e['category_id'] for e in entries} == {1} and entries[0]['file_name'] == 'a/ä.jpg'
    points = np.array(entries[0]['keypoints']).reshape(17, 3)
    names, pixels = keypoint_names('coco'), result.instances[0].joints2d
    for k, name in enumerate(names):
        at = result.joint_names.index(name)
        np.testing.assert_allclose(points[k, :2], pixels[at], atol=0.01)
        inside = ((pixels[at] >= 0) & (pixels[at] <= (639, 479))).all()
        assert points[k, 2] == (2 if inside else 0)


def damaged(path, columns):
    with np.load(path) as file:
        kept = {**{name: file[name] for name in file.files}, **columns}
    np.savez(path, **{name: value for name, value in kept.items() if value is not None})


@pytest.mark.parametrize(
    ('columns', 'message'),
    [
        ({'version': 2}, 'version 2; expected'),
        ({'format': 'other'}, 'is other, version'),
        ({'betas': None}, 'lacks betas'),
        ({'betas': np.zeros((3, 9))}, r'betas is \(3, 9\), expected \(3, 10\)'),
        ({'joints': np.zeros((2, 54, 3))}, 'joints is'),
    ],
)
def test_files_that_do_not_fit_are_refused(result, tmp_path, columns, message):
    path = WRITERS['npz'](result, tmp_path / 'a')
    damaged(path, columns)
    with pytest.raises(ValueError, match=message):
        read_npz(path)


@pytest.mark.parametrize('name', ['npz', 'json'])
def test_cut_files_are_refused(result, tmp_path, name):
    path = WRITERS[name](result, tmp_path / 'a')
    content = path.read_bytes()
    read = {'npz': read_npz, 'json': read_json}[name]
    for keep in (0, 100, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:keep])
        with pytest.raises(ValueError, match='is no readable'):
            read(path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / 'nothing')


def test_a_result_that_executes_something_is_not_read(tmp_path):
    class Malicious:
        def __reduce__(self):
            return open, (str(tmp_path / 'executed'), 'w')

    np.savez(tmp_path / 'bad.npz', format=np.array([Malicious()], object))
    with pytest.raises(ValueError, match='is no readable'):
        read_npz(tmp_path / 'bad.npz')
    assert not (tmp_path / 'executed').exists()


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), atomic_file(tmp_path / 'new' / 'a.txt') as part:
        part.write_text('half')
        raise RuntimeError
    assert list((tmp_path / 'new').iterdir()) == []


@pytest.mark.parametrize('name', ['glb', 'obj', 'ply'])
def test_meshes_need_vertices_and_faces(result, tmp_path, name):
    of_json = read_json(WRITERS['json'](result, tmp_path / 'a'))
    faceless = replace(result, faces=None)
    for given in (of_json, faceless, replace(of_json, faces=result.faces)):
        with pytest.raises(ValueError, match=r'ä\.jpg: meshes need vertices .* read the \.npz'):
            WRITERS[name](given, tmp_path / 'b')
    assert not (tmp_path / f'b.{name}').exists()


def test_pictures_of_bodies_need_meshes_too(result, tmp_path):
    of_json = read_json(WRITERS['json'](result, tmp_path / 'a'))
    image = np.zeros((480, 640, 3), np.uint8)
    with pytest.raises(ValueError, match='the picture: meshes need vertices'):
        meshes_over_image(image, of_json.instances, of_json.faces, [(1, 0, 0)] * 3)
