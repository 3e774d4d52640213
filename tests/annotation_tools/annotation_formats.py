"""Tiny annotation files in the true form of each data set, of persons whose truth is known.

Persons are posed by the numpy body of the synthetic data, independent of the body under test.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from mroi_plugin.body_models import load_free_body
from mroi_plugin.datasets.synthetic import SyntheticBody
from mroi_plugin.datasets.synthetic.samples import annotate, sample_scene
from mroi_plugin.host import load_host
from mroi_plugin.host.conventions import keypoint_names

COUNT = 4


@dataclass
class Truth:
    """N persons in the frame of the camera; metres, pixels, radians."""

    body_pose: np.ndarray
    global_orient: np.ndarray
    betas: np.ndarray
    transl: np.ndarray
    rest_pelvis: np.ndarray
    joints: np.ndarray  # (N, 54, 3)
    focal: np.ndarray  # (N, 2)
    centre: np.ndarray  # (N, 2)
    size: np.ndarray  # (N, 2)

    @property
    def pixels(self) -> np.ndarray:
        """(N, 54, 2)"""
        ahead = self.joints[..., :2] / self.joints[..., 2:]
        return ahead * self.focal[:, None] + self.centre[:, None]

    @property
    def inside(self) -> np.ndarray:
        """(N, 54)"""
        return ((self.pixels >= 0) & (self.pixels <= self.size[:, None] - 1)).all(-1)

    @property
    def smpl(self) -> dict[str, np.ndarray]:
        """What converters write."""
        names = ('body_pose', 'global_orient', 'betas')
        return {name: getattr(self, name).astype(np.float32) for name in names}


def make_truth(focal_ratio: float = 1.0, middle: bool = False) -> Truth:
    """Draw the persons; ``middle`` puts the principal point in the middle of the image."""
    body = SyntheticBody(load_free_body())
    rows = [annotate(sample_scene(body, 5, 'train', i)) for i in range(COUNT)]
    table = {name: np.stack([row[name] for row in rows]).astype(float) for name in rows[0]}
    joints = np.stack(
        [
            body.pose(orient, pose, betas).joints + shift
            for orient, pose, betas, shift in zip(
                *(table[n] for n in ('global_orient', 'body_pose', 'betas', 'transl'))
            )
        ]
    )
    return Truth(
        **{name: table[name] for name in ('body_pose', 'global_orient', 'betas', 'transl')},
        rest_pelvis=np.stack([body.rest_joints_of(betas)[0] for betas in table['betas']]),
        joints=joints,
        focal=table['focal_length'] * [1, focal_ratio],
        centre=table['size'] / 2 if middle else table['principal_point'],
        size=table['size'],
    )


def write_photos(folder: Path, names: list[str], size: np.ndarray) -> None:
    """Grey photos of the right sizes."""
    for name, (width, height) in zip(names, size.astype(int)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (width, height), 'grey').save(folder / name)


def convert(points: np.ndarray, confidence: np.ndarray, convention: str) -> np.ndarray:
    """'smpl_54' joints with confidence in another convention, (N, K, C + 1)."""
    load_host()
    from mmhuman3d.core.conventions.keypoints_mapping import convert_kps

    return convert_kps(np.concatenate([points, confidence[..., None]], 2), 'smpl_54', convention)[0]


def joint_boxes(truth: Truth, convention: str, padding: float) -> np.ndarray:
    """Boxes (N, 4) x, y, w, h of all joints of a convention."""
    names = keypoint_names('smpl_54')
    points = truth.pixels[:, [names.index(name) for name in keypoint_names(convention)]]
    low, high = points.min(1), points.max(1)
    return np.hstack([(low + high - (high - low) * padding) / 2, (high - low) * padding])


def dump(path: Path, entries: dict) -> str:
    """Write with mmhuman3d's own writer, keypoints compressed."""
    load_host()
    from mmhuman3d.data.data_structures.human_data import HumanData

    data = HumanData()
    data.update(entries)
    if any(key.startswith('keypoints') for key in entries):
        data.compress_keypoints_by_mask()
    data.dump(str(path))
    return str(path)


def camera_parameter(truth: Truth, i: int, rotation: np.ndarray, shift: np.ndarray) -> dict:
    """A camera as mmhuman3d's converters store it."""
    load_host()
    from mmhuman3d.core.cameras.camera_parameters import CameraParameter

    width, height = truth.size[i].astype(int)
    camera = CameraParameter(H=int(height), W=int(width))
    (fx, fy), (cx, cy) = truth.focal[i], truth.centre[i]
    camera.set_KRT(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), rotation, shift)
    return camera.to_dict()


def pw3d_entries(truth: Truth, root: Path) -> dict:
    """mmhuman3d's pw3d file; the sequence files that it comes from are written below ``root``."""
    rng = np.random.default_rng(3)
    names, cameras = [], []
    for i in range(COUNT):
        frame, person = i % 3, i % 2
        extrinsics = np.tile(np.eye(4), (3, 1, 1))
        extrinsics[:, :3, :3] = Rotation.random(3, random_state=i).as_matrix()
        extrinsics[:, :3, 3] = rng.normal(size=(3, 3))
        rotation, shift = extrinsics[frame, :3, :3], extrinsics[frame, :3, 3]
        poses, trans = rng.normal(size=(2, 3, 72)), rng.normal(size=(2, 3, 3))
        seen = Rotation.from_rotvec(truth.global_orient[i])
        world = (Rotation.from_matrix(rotation).inv() * seen).as_rotvec()
        poses[person, frame] = np.concatenate([world, truth.body_pose[i].ravel()])
        origin = rotation.T @ (truth.rest_pelvis[i] + truth.transl[i] - shift)
        trans[person, frame] = origin - truth.rest_pelvis[i]
        sequence = {
            'sequence': f'walk_{i:02d}',
            'poses': list(poses),
            'trans': list(trans),
            'cam_poses': extrinsics,
            'genders': ['m', 'f'],
        }
        file = root / 'sequenceFiles' / 'test' / f'walk_{i:02d}.pkl'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(sequence, protocol=2))
        names.append(f'imageFiles/walk_{i:02d}/image_{frame:05d}.jpg')
        cameras.append(camera_parameter(truth, i, rotation, shift))
    boxes = np.hstack([joint_boxes(truth, 'coco', 1.2) + 3, np.ones((COUNT, 1))])
    return {
        'image_path': names,
        'bbox_xywh': boxes,  # of detected joints in truth, a little off
        'smpl': truth.smpl,
        'meta': {'gender': np.array(['m', 'f'] * (COUNT // 2))},
        'cam_param': cameras,
        'config': 'pw3d',
    }


def h36m_entries(truth: Truth) -> dict:
    """mmhuman3d's h36m file with fitted SMPL: no translation, no gender, root-centred joints,
    cameras by subject and name."""
    ones = np.ones(truth.joints.shape[:2])
    points2d = convert(truth.pixels, ones, 'h36m')
    points3d = convert(truth.joints, ones, 'h36m')
    points3d[..., :3] -= points3d[:, :1, :3]
    load_host()
    from mmhuman3d.core.conventions.keypoints_mapping import convert_kps

    full2d, mask = convert_kps(points2d, 'h36m', 'human_data')
    full3d, _ = convert_kps(points3d, 'h36m', 'human_data')
    ids = ('54138969', '55011271', '58860488', '60457274')
    names = [
        f'S{i + 5}/images/S{i + 5}_Walk.{c}/S{i + 5}_Walk.{c}_000001.jpg'
        for i, c in zip(range(COUNT), ids)
    ]
    return {
        'image_path': names,
        'bbox_xywh': np.hstack([joint_boxes(truth, 'h36m', 1.1), np.ones((COUNT, 1))]),
        'keypoints2d': full2d,
        'keypoints2d_mask': mask,
        'keypoints3d': full3d,
        'keypoints3d_mask': mask,
        'smpl': truth.smpl,
        'cam_param': {
            (f'S{i + 5}', c): camera_parameter(truth, i, np.eye(3), np.zeros(3))
            for i, c in zip(range(COUNT), ids)
        },
        'config': 'h36m',
    }


def _openpose(truth: Truth) -> np.ndarray:
    names = keypoint_names('smpl_54')
    out = np.zeros((COUNT, 25, 3))
    for k, name in enumerate(keypoint_names('openpose_25')):
        if name.removesuffix('_openpose') in names:
            j = names.index(name.removesuffix('_openpose'))
            out[:, k] = np.concatenate([truth.pixels[:, j], truth.inside[:, j, None]], 1)
    return out


def spin_entries(truth: Truth) -> dict:
    """A SPIN-style file."""
    boxes = joint_boxes(truth, 'smpl_24', 1.0)
    return {
        'imgname': np.array([f'images/{i:06d}.jpg' for i in range(COUNT)]),
        'center': boxes[:, :2] + boxes[:, 2:] / 2,
        'scale': boxes[:, 2:].max(1) * 1.2 / 200,
        'part': convert(truth.pixels, truth.inside.astype(float), 'smpl_24'),
        'openpose': _openpose(truth),
        'S': convert(truth.joints, np.ones(truth.joints.shape[:2]), 'smpl_24'),
        'pose': np.hstack([truth.global_orient, truth.body_pose.reshape(COUNT, 69)]),
        'shape': truth.betas,
        'has_smpl': np.ones(COUNT),
    }


def cliff_entries(truth: Truth) -> dict:
    """Pseudo ground truth as CLIFF's authors publish it."""
    spin = spin_entries(truth)
    keys = ('imgname', 'center', 'scale', 'part', 'pose', 'shape')
    return {
        **{key: spin[key] for key in keys},
        'global_t': truth.transl,
        'focal_l': truth.focal[:, 0],
    }


def bedlam_entries(truth: Truth) -> dict:
    """BEDLAM's processed labels for SMPL: where the camera is split off the translation, matrices
    of intrinsics, homogeneous joints of 'smpl_45' beyond the image too, eleven betas."""
    spin = spin_entries(truth)
    camera = np.random.default_rng(4).normal(size=(COUNT, 3))
    extrinsics = np.zeros((COUNT, 4, 4))
    extrinsics[:, :3, :3] = Rotation.random(COUNT, random_state=1).as_matrix()
    extrinsics[:, :3, 3], extrinsics[:, 3, 3] = camera, 1
    intrinsics = np.zeros((COUNT, 3, 3))
    intrinsics[:, [0, 1], [0, 1]], intrinsics[:, :2, 2] = truth.focal, truth.centre
    intrinsics[:, 2, 2] = 1
    return {
        'imgname': np.array([f'seq_{i:06d}/seq_{i:06d}_0000.png' for i in range(COUNT)]),
        'center': spin['center'],
        'scale': spin['scale'],
        'pose_cam': spin['pose'],
        'pose_world': spin['pose'],
        'shape': np.hstack([truth.betas, np.zeros((COUNT, 1))]),
        'trans_cam': truth.transl - camera,
        'trans_world': truth.transl,
        'cam_ext': extrinsics,
        'cam_int': intrinsics,
        'gtkps': convert(truth.pixels, np.ones(truth.joints.shape[:2]), 'smpl_45'),
        'gender': np.array(['male', 'female'] * (COUNT // 2)),
        'sub': np.array([f'rp_{i}' for i in range(COUNT)]),
    }


def save(path: Path, entries: dict) -> str:
    """Write a plain npz."""
    np.savez(path, **entries)
    return str(path)
