"""A person who walks, with truth, seen with the noise of a network: steadier and no farther off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from mroi_plugin.apis.smoothing.people import LOOK_AHEAD, smooth_people
from mroi_plugin.models.body_models.smpl import SMPLBody
from mroi_plugin.structures.results import ImageResult, InstanceResult

RATE, FRAMES, FOCAL = 30, 150, 1000.0
HIP, KNEE, SPINE, SHOULDER, ELBOW = (1, 2), (4, 5), 3, (16, 17), (18, 19)


@pytest.fixture(scope='module')
def pose_body():
    body = SMPLBody(free_body=True)

    @torch.inference_mode()
    def posed(pose, betas):
        pose, betas = (torch.as_tensor(v, dtype=torch.float32) for v in (pose, betas))
        out = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
        return out['vertices'].numpy(), out['joints'].numpy()

    return posed


def walk(strides_per_s):
    """Rotations (T, 24, 3, 3) and translations (T, 3) m of a person who walks on a curve."""
    t = np.arange(FRAMES) / RATE
    phase = 2 * np.pi * strides_per_s * t
    turns = np.zeros((FRAMES, 24, 3))
    for side, sign in ((0, -1), (1, 1)):
        turns[:, HIP[side], 0] = sign * 25 * np.sin(phase)
        turns[:, KNEE[side], 0] = 25 - sign * 25 * np.sin(phase + 1)
        turns[:, SHOULDER[side], 2] = sign * 65
        turns[:, SHOULDER[side], 1] = 30 * np.sin(phase)
        turns[:, ELBOW[side], 1] = sign * 30 - 15 * np.sin(phase)
    turns[:, SPINE, 1] = 8 * np.sin(phase)
    pose = Rotation.from_rotvec(np.radians(turns).reshape(-1, 3)).as_matrix().reshape(-1, 24, 3, 3)
    course = Rotation.from_euler('y', 40 * np.sin(2 * np.pi * 0.15 * t), degrees=True)
    pose[:, 0] = (course * Rotation.from_euler('x', 180, degrees=True)).as_matrix()
    place = np.stack([0.7 * t - 1.5, 0.1 + 0.02 * np.sin(2 * phase), 5 - 0.2 * t], -1)
    return pose, place


def noise(rng, shape, single, slow):
    """Of single frames, and one that goes on for some five frames, with these deviations."""
    trend = gaussian_filter1d(rng.normal(size=(FRAMES, *shape)), 5, axis=0)
    return single * rng.normal(size=(FRAMES, *shape)) + slow * trend / trend.std()


def measured(pose, betas, place, degrees, seed=0):
    """Pose, betas and place as a network sees them: off by degrees a joint, 0.4 in shape, 11 mm
    in the image plane, 2 % in depth."""
    rng = np.random.default_rng(seed)
    turns = np.radians(noise(rng, (24, 3), degrees, 4) / np.sqrt(3))
    seen = pose @ Rotation.from_rotvec(turns.reshape(-1, 3)).as_matrix().reshape(pose.shape)
    depth = place[:, 2:] * np.exp(noise(rng, (1,), 0.015, 0.02))
    image = place[:, :2] / place[:, 2:] + noise(rng, (2,), 0.007, 0.009) / place[:, 2:]
    return seen, betas + noise(rng, (10,), 0.3, 0.3), np.hstack([image * depth, depth])


def results(pose, betas, place, pose_body, track=0):
    vertices, joints = pose_body(pose, betas)
    for i in range(FRAMES):
        cameras, zero = place[i : i + 1].astype(np.float32), np.zeros(2, np.float32)
        person = InstanceResult(
            np.zeros(4), 1.0, pose[i].astype(np.float32), betas[i].astype(np.float32), vertices[i],
            joints[i], FOCAL, zero, np.ones((1, 3)), cameras[0], cameras, cameras, cameras[0], 0.0,
            0.0, 1.0, track=track,
        )  # fmt: skip
        yield ImageResult(f'a.mp4#{i:06d}', (640, 480), [person], frame=i, time=i / RATE)


def errors(joints, place, true_joints, true_place):
    """MPJPE, mm; acceleration error about the pelvis and in space, mm per frame^2; shake, px per
    frame^2, and error, px, of the projection."""
    j, t = joints[:, :24], true_joints[:, :24]
    centered = j - j[:, :1] - (t - t[:, :1])
    placed, true = j + place[:, None], t + true_place[:, None]
    pixels = FOCAL * (placed[..., :2] / placed[..., 2:] - true[..., :2] / true[..., 2:])
    return np.array([
        1000 * np.linalg.norm(centered, axis=-1).mean(),
        1000 * np.linalg.norm(np.diff(centered, 2, axis=0), axis=-1).mean(),
        1000 * np.linalg.norm(np.diff(placed - true, 2, axis=0), axis=-1).mean(),
        np.linalg.norm(np.diff(pixels, 2, axis=0), axis=-1).mean(),
        np.linalg.norm(pixels, axis=-1).mean(),
    ])  # fmt: skip


@pytest.mark.parametrize('strides_per_s', [0.9, 1.8], ids=['walking', 'running'])
@pytest.mark.parametrize('degrees', [0.7, 1.5, 3, 5])
def test_half_the_acceleration_error_and_no_larger_position_error(
    pose_body, strides_per_s, degrees
):
    pose, place = walk(strides_per_s)
    betas = np.tile(np.random.default_rng(1).normal(size=10), (FRAMES, 1))
    true = pose_body(pose, betas)[1], place
    seen = measured(pose, betas, place, degrees)
    rough = list(results(*seen, pose_body))
    steady = list(smooth_people(iter(rough), pose_body))
    before, after = (
        errors(*(np.stack([getattr(r.instances[0], name) for r in clip])
                 for name in ('joints', 'trans')), *true)
        for clip in (rough, steady)
    )  # fmt: skip
    print(f'{before.round(1)} -> {after.round(1)}')
    assert after[0] <= before[0] and after[4] <= before[4]
    assert (after[1:4] < 0.5 * before[1:4]).all()


def test_results_are_of_the_body_that_they_name(pose_body):
    """They come with a short delay; vertices and joints are those of pose and betas; cameras
    stay."""
    pose, place = walk(0.9)
    betas = np.random.default_rng(1).normal(size=(FRAMES, 10))
    given = results(pose, betas, place, pose_body)
    asked = []
    steady = smooth_people((asked.append(r) or r for r in given), pose_body)
    for i in range(5):
        (person,) = next(steady).instances
        (measured_person,) = asked[i].instances
        assert len(asked) == i + 1 + LOOK_AHEAD
        vertices, joints = pose_body(person.pose[None], person.betas[None])
        np.testing.assert_allclose(person.vertices, vertices[0], atol=1e-6)
        np.testing.assert_allclose(person.joints, joints[0], atol=1e-6)
        np.testing.assert_allclose(person.betas, betas[: len(asked)].mean(0), atol=1e-6)
        np.testing.assert_array_equal(person.full_cameras, measured_person.full_cameras)
    assert [r.frame for r in steady] == list(range(5, FRAMES))


def test_people_videos_and_images_are_apart(pose_body):
    """Another track, another video, the same video again start anew; images are untouched."""
    pose, place = walk(0.9)
    betas = np.random.default_rng(1).normal(size=(FRAMES, 10))
    clip = list(results(pose, betas, place, pose_body))[:4]
    other = [replace(r, instances=[replace(r.instances[0], track=1)]) for r in clip]
    elsewhere = [replace(r, name=f'b{r.name}') for r in clip]
    image = replace(clip[3], name='a.jpg', frame=None, time=None)
    mixed = [clip[0], other[1], clip[2]]
    given = [*clip, *clip, *elsewhere, image, *mixed]
    steady = list(smooth_people(iter(given), pose_body))
    assert [r.name for r in steady] == [r.name for r in given]
    out = [r.instances[0].betas for r in steady]
    for start in (4, 8):
        np.testing.assert_array_equal(out[start : start + 4], out[:4])
    assert steady[12] is image
    np.testing.assert_allclose(out[14], betas[1], atol=1e-6)
    np.testing.assert_allclose(out[15], betas[[0, 2]].mean(0), atol=1e-6)
    np.testing.assert_array_equal(out[13], out[15])
