"""Files of a whole video, read by others and compared with the bodies that went in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from clips import FOCAL, FPS, NUMBERS, SEEN, SIZE, STRANGER, make_frames
from gltf_reading import Gltf
from scipy.spatial.transform import Rotation

from mroi_plugin.structures.clip import build_clip
from mroi_plugin.structures.clip_frames import iterate_clip
from mroi_plugin.structures.clip_npz import read_clip_npz
from mroi_plugin.structures.mesh_file import UPRIGHT
from mroi_plugin.structures.npz_file import read_npz
from mroi_plugin.structures.rig import JOINT_NAMES, rig_of, strongest_weights
from mroi_plugin.structures.writers import write_clip

NAME = 'videos/walk.mp4'
TRACKS = (2, 5)


@pytest.fixture(scope='module')
def frames(body):
    return make_frames(body)


@pytest.fixture(scope='module')
def clip(frames):
    return build_clip(NAME, frames, FPS)


@pytest.fixture(scope='module')
def rig(body):
    return rig_of(body)


@pytest.fixture(scope='module')
def files(clip, rig, tmp_path_factory):
    stem = tmp_path_factory.mktemp('clip') / 'walk'
    return {p.name: p for p in write_clip(clip, rig, stem, ('npz', 'glb', 'bvh', 'json'))}


@pytest.fixture(scope='module')
def gltf(files):
    return Gltf(files['walk.glb'])


def true_vertices(instance):
    return (instance.vertices + instance.trans) * UPRIGHT


def errors_mm(gltf, frames, track):
    """Distances of the skin's vertices in a file from SMPL's, in the frames of a track."""
    found = []
    for t in SEEN[track]:
        (person,) = (p for p in frames[t].instances if p.track == track)
        skin = gltf.vertices(f'track_{track}_body', (NUMBERS[t] - NUMBERS[0]) / FPS)
        found.append(np.linalg.norm(skin - true_vertices(person), axis=1))
    return 1000 * np.array(found)


def test_a_video_has_one_file_of_each_format_and_bvh_one_per_track(files):
    assert sorted(files) == ['walk.glb', 'walk.npz', 'walk_track_2.bvh', 'walk_track_5.bvh']


def test_arrays_over_frames_and_tracks(files, frames):
    """By numpy alone: who is where, and that every number is that of its frame."""
    with np.load(files['walk.npz']) as file:
        found = {name: file[name] for name in file.files}
    assert found['tracks'].tolist() == [2, 5, -1] and found['frames'].tolist() == [*NUMBERS]
    assert found['fps'] == FPS and found['size'].tolist() == [*SIZE]
    for p, track in enumerate((*TRACKS, -1)):
        places = SEEN.get(track, (STRANGER,))
        assert np.flatnonzero(found['present'][:, p]).tolist() == [*places]
        for t in places:
            (person,) = (x for x in frames[t].instances if x.track == track)
            for name in ('pose', 'betas', 'trans', 'joints', 'joints2d', 'fusion_weights', 'bbox'):
                np.testing.assert_array_equal(found[name][t, p], getattr(person, name))
            np.testing.assert_array_equal(found['poses'][t, p], person.pose_axis_angle.ravel())
    assert not found['betas'][~found['present']].any() and 'vertices' not in found


def test_the_arrays_pose_the_body_as_it_was(files, frames, body):
    """The lines of docs/results_schema.md."""
    import torch

    clip = read_clip_npz(files['walk.npz'])
    t, p = np.nonzero(clip.present)
    pose, betas = (torch.from_numpy(clip.columns[name][t, p]) for name in ('pose', 'betas'))
    posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
    for vertices, i, track in zip(posed['vertices'].numpy(), t, clip.tracks[p]):
        (person,) = (x for x in frames[i].instances if x.track == track)
        np.testing.assert_allclose(vertices, person.vertices, atol=1e-5)


def test_frames_of_the_arrays_are_the_results(files, frames, body):
    back = list(iterate_clip(read_clip_npz(files['walk.npz']), body))
    assert [result.name for result in back] == [result.name for result in frames]
    for found, result in zip(back, frames):
        assert found.frame == result.frame and found.size == result.size
        assert found.crop_size == result.crop_size == (48, 64)
        expected = sorted(result.instances, key=lambda p: p.track % 100)  # strangers come last
        assert [p.track for p in found.instances] == [p.track for p in expected]
        for a, b in zip(found.instances, expected):
            np.testing.assert_allclose(a.vertices, b.vertices, atol=1e-5)
            for name in ('pose', 'trans', 'joints', 'bbox', 'confidence'):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_arrays_are_read_as_they_were_written(files, clip):
    back = read_clip_npz(files['walk.npz'])
    for name in ('name', 'size', 'fps', 'joint_names'):
        assert getattr(back, name) == getattr(clip, name)
    for name in ('frames', 'tracks', 'present', 'times'):
        np.testing.assert_array_equal(getattr(back, name), getattr(clip, name))
    assert set(back.columns) == set(clip.columns)
    for name, column in clip.columns.items():
        assert back.columns[name].dtype == column.dtype
        np.testing.assert_array_equal(back.columns[name], column)


def test_other_files_are_refused(files, tmp_path):
    with pytest.raises(ValueError, match=r'is mroi_plugin\.clip, version'):
        read_npz(files['walk.npz'])
    np.savez(tmp_path / 'a.npz', format='mroi_plugin.result', version=3)
    with pytest.raises(ValueError, match='files of single images are read by read_npz'):
        read_clip_npz(tmp_path / 'a.npz')
    (tmp_path / 'b.npz').write_bytes(files['walk.npz'].read_bytes()[:500])
    with pytest.raises(ValueError, match=r'is no readable \.npz of a clip'):
        read_clip_npz(tmp_path / 'b.npz')


@pytest.mark.parametrize(('change', 'message'), [
    ({'betas': None}, 'lacks betas'),
    ({'betas': np.zeros((2, 2, 10))}, r'betas is \(2, 2, 10\), expected \(6, 3, '),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(files, tmp_path, change, message):
    with np.load(files['walk.npz']) as file:
        kept = {**{name: file[name] for name in file.files}, **change}
    np.savez(tmp_path / 'a.npz', **{name: x for name, x in kept.items() if x is not None})
    with pytest.raises(ValueError, match=message):
        read_clip_npz(tmp_path / 'a.npz')


def test_a_track_is_in_a_frame_once(frames):
    twice = [frames[0].instances[0]] * 2
    broken = type(frames[0])(**{**vars(frames[0]), 'instances': twice})
    with pytest.raises(ValueError, match=r'#000003: its tracks are \[5, 5\]'):
        build_clip(NAME, [broken], FPS)


def test_the_skin_is_that_of_smpl_but_for_pose_blend_shapes(gltf, frames, body):
    """Without them SMPL itself agrees to a hundredth of a millimeter."""
    lost = np.concatenate([errors_mm(gltf, frames, track) for track in TRACKS])
    assert 0.3 < lost.mean() < 3 and lost.max() < 60
    posedirs = body.posedirs.clone()
    try:
        body.posedirs.zero_()
        plain = make_frames(body)
    finally:
        body.posedirs.copy_(posedirs)
    for track in TRACKS:
        assert errors_mm(gltf, plain, track).max() < 0.01


def test_whoever_is_not_there_is_not_seen(gltf):
    """Between its frames, and before and after them, a body has no size."""
    for t, number in enumerate(NUMBERS):
        shown = np.ptp(gltf.vertices('track_2_body', (number - NUMBERS[0]) / FPS), axis=0).max()
        assert (shown > 1) if t in SEEN[2] else (shown < 1e-6)


def test_times_of_frames_may_be_of_any_distance(frames, clip, rig, tmp_path):
    """Videos of phones: a body is there from between two frames to between two others."""
    times = np.cumsum(np.resize([0.01, 0.01, 0.2], len(clip.times)))
    for path in write_clip(replace(clip, times=times), rig, tmp_path / 'vary', ('glb',)):
        gltf = Gltf(path)
    samplers = gltf.content['animations'][0]['samplers']
    assert all((np.diff(gltf.array(sampler['input'])) > 0).all() for sampler in samplers)
    for t, when in enumerate(times - times[0]):
        shown = np.ptp(gltf.vertices('track_2_body', when), axis=0).max()
        assert (shown > 1) if t in SEEN[2] else (shown < 1e-6)


def test_a_reader_of_its_own_finds_the_parts(files, gltf, rig):
    scene = trimesh.load(files['walk.glb'])
    assert sorted(scene.geometry) == ['track_2', 'track_5']
    for name in scene.geometry:
        assert scene.geometry[name].faces.shape == rig.faces.shape
        assert scene.geometry[name].volume > 0.02
    skins = gltf.content['skins']
    assert [skin['name'] for skin in skins] == ['track_2', 'track_5']
    for skin in skins:
        names = [gltf.content['nodes'][joint]['name'] for joint in skin['joints']]
        assert tuple(names) == JOINT_NAMES
    (animation,) = gltf.content['animations']
    assert len(animation['channels']) == 2 * 25 + 1
    view = gltf.content['cameras'][0]['perspective']
    assert np.tan(view['yfov'] / 2) == pytest.approx(SIZE[1] / 2 / FOCAL)


def test_four_joints_move_a_vertex_and_the_file_says_what_is_lost(gltf, rig):
    weights = np.array([[0.4, 0.3, 0.15, 0.1, 0.05], [1, 0, 0, 0, 0]])
    joints, kept, lost = strongest_weights(weights)
    assert joints[0].tolist() == [0, 1, 2, 3] and lost == pytest.approx([0.05, 0])
    np.testing.assert_allclose(kept[0], np.array([0.4, 0.3, 0.15, 0.1]) / 0.95)
    extras = gltf.content['meshes'][0]['extras']
    assert extras['lost_skin_weight_max'] == pytest.approx(0, abs=1e-7)


def bvh_joints(path):
    """Places (T, 24, 3) m of the joints, by the package bvh and the format's own definition."""
    from bvh import Bvh

    motion = Bvh(path.read_text())
    rows = np.array(motion.frames, float)
    names, places, turns = motion.get_joints_names(), {}, {}
    for name in names:
        index = motion.get_joint_channels_index(name)
        values = rows[:, index : index + len(motion.joint_channels(name))]
        turn = Rotation.from_euler('ZXY', values[:, -3:], degrees=True)
        offset = np.array(motion.joint_offset(name))
        parent = motion.joint_parent(name)
        if parent is None:
            places[name], turns[name] = offset + values[:, :3], turn
        else:
            above = parent.name
            places[name] = places[above] + turns[above].apply(offset)
            turns[name] = turns[above] * turn
    joints = np.stack([places[name] for name in JOINT_NAMES], axis=1)
    return motion, joints


def smpl_joints(body, person):
    """The 24 joints of SMPL, in axes of glTF."""
    import torch

    pose, betas = torch.from_numpy(person.pose)[None], torch.from_numpy(person.betas)[None]
    posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
    return (posed['joints'][0, :24].numpy() + person.trans) * UPRIGHT


@pytest.mark.parametrize('track', TRACKS)
def test_bvh_has_the_joints_of_smpl(files, frames, body, track):
    motion, joints = bvh_joints(files[f'walk_track_{track}.bvh'])
    every = range(NUMBERS[0], NUMBERS[-1] + 1)
    assert motion.nframes == len(every) and motion.frame_time == pytest.approx(1 / FPS)
    for t in SEEN[track]:
        (person,) = (p for p in frames[t].instances if p.track == track)
        found = joints[every.index(NUMBERS[t])]
        np.testing.assert_allclose(found, smpl_joints(body, person), atol=1e-4)


def test_bvh_waits_and_fills_gaps(files):
    """A person who is there at frames 4, 5 and 8 of 3..9."""
    _, joints = bvh_joints(files['walk_track_2.bvh'])
    np.testing.assert_allclose(joints[0], joints[1], atol=1e-6)
    np.testing.assert_allclose(joints[6], joints[5], atol=1e-6)
    third = joints[2, 0] + (joints[5, 0] - joints[2, 0]) / 3
    np.testing.assert_allclose(joints[3, 0], third, atol=1e-5)


def test_bvh_of_a_rate_that_varies(frames, rig, body, tmp_path):
    """Joints are where they are when their frame is shown."""
    times = (0.0, 0.1, 0.2, 1.2, 2.2, 3.2)
    late = [replace(frame, time=time) for frame, time in zip(frames, times)]
    clip = build_clip(NAME, late, 10.0)
    (path, *_) = write_clip(clip, rig, tmp_path / 'a', ('bvh',))
    motion, joints = bvh_joints(tmp_path / 'a_track_5.bvh')
    assert path.name == 'a_track_2.bvh' and motion.nframes == 33
    for frame, time in zip(late, times):
        (person,) = (p for p in frame.instances if p.track == 5)
        found = joints[round(time / motion.frame_time)]
        np.testing.assert_allclose(found, smpl_joints(body, person), atol=1e-4)


def test_nobody_is_in_no_mesh_but_in_arrays(frames, rig, tmp_path):
    nobody = [type(f)(**{**vars(f), 'instances': []}) for f in frames]
    empty = build_clip(NAME, nobody, FPS)
    paths = write_clip(empty, rig, tmp_path / 'a', ('npz', 'glb', 'bvh'))
    assert [path.name for path in paths] == ['a.npz']
    assert read_clip_npz(paths[0]).present.shape == (len(NUMBERS), 0)


def test_a_single_frame_is_a_clip_too(frames, rig, tmp_path):
    one = build_clip(NAME, frames[:1], FPS)
    write_clip(one, rig, tmp_path / 'a', ('glb', 'bvh'))
    found = Gltf(tmp_path / 'a.glb').vertices('track_5_body', 0.0)
    assert np.abs(found - true_vertices(frames[0].instances[0])).mean() < 0.008
    motion, _ = bvh_joints(tmp_path / 'a_track_5.bvh')
    assert motion.nframes == 1
