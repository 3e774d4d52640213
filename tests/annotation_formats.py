"""Tiny annotation files in the true form of each data set, of persons whose truth is known.

Persons are posed by the numpy body of the synthetic data, independent of the body under test.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.spatial.transform import Rotation
from synthetic_humans.body import SyntheticBody
from synthetic_humans.samples import Studio, annotate

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.models.body_models.free_body import load_free_body

COUNT = 4


@dataclass
class Truth:
    """N persons in the frame of the camera; meters, pixels, radians."""

    body_pose: np.ndarray
    global_orient: np.ndarray
    betas: np.ndarray
    transl: np.ndarray
    rest_pelvis: np.ndarray
    joints: np.ndarray  # (N, 54, 3)
    focal: np.ndarray  # (N, 2)
    center: np.ndarray  # (N, 2)
    size: np.ndarray  # (N, 2)

    @property
    def pixels(self) -> np.ndarray:
        """(N, 54, 2)"""
        ahead = self.joints[..., :2] / self.joints[..., 2:]
        return ahead * self.focal[:, None] + self.center[:, None]

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
    """Draw persons who lie within their images, away from the origin; ``middle`` puts the principal
    point in the middle of the image."""
    body = SyntheticBody(load_free_body())
    studio, rows = Studio(body), []
    for scene in (studio.scene(5, 'train', i) for i in count()):
        row = annotate(scene.people[0], scene.view, body.faces)
        if row['keypoints2d'][:, 2].all() and row['bbox'][:2].min() > 40:
            rows.append(row)
        if len(rows) == COUNT:
            break
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
        center=table['size'] / 2 if middle else table['principal_point'],
        size=table['size'],
    )


def write_images(folder: Path, names: list[str], size: np.ndarray) -> None:
    """Gray images of the right sizes."""
    for name, (width, height) in zip(names, size.astype(int)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (width, height), 'gray').save(folder / name)


def convert(points: np.ndarray, confidence: np.ndarray, convention: str) -> np.ndarray:
    """'smpl_54' joints with confidence in another convention, (N, K, C + 1)."""
    load_mmhuman3d()
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
    load_mmhuman3d()
    from mmhuman3d.data.data_structures.human_data import HumanData

    data = HumanData()
    data.update(entries)
    if any(key.startswith('keypoints') for key in entries):
        data.compress_keypoints_by_mask()
    data.dump(str(path))
    return str(path)


def camera_parameter(truth: Truth, i: int, rotation: np.ndarray, shift: np.ndarray) -> dict:
    """A camera as mmhuman3d's converters store it."""
    load_mmhuman3d()
    from mmhuman3d.core.cameras.camera_parameters import CameraParameter

    width, height = truth.size[i].astype(int)
    camera = CameraParameter(H=int(height), W=int(width))
    (fx, fy), (cx, cy) = truth.focal[i], truth.center[i]
    camera.set_KRT(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), rotation, shift)
    return camera.to_dict()


def pw3d_entries(truth: Truth, root: Path, split: str = 'test') -> dict:
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
            'sequence': f'{split}_{i:02d}',
            'poses': list(poses),
            'trans': list(trans),
            'cam_poses': extrinsics,
            'genders': ['m', 'f'],
        }
        file = root / 'sequenceFiles' / split / f'{split}_{i:02d}.pkl'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(sequence, protocol=2))
        names.append(f'imageFiles/{split}_{i:02d}/image_{frame:05d}.jpg')
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
    """mmhuman3d's h36m file with fitted SMPL: no translation, no gender, root-centered joints,
    cameras by subject and name."""
    ones = np.ones(truth.joints.shape[:2])
    points2d = convert(truth.pixels, ones, 'h36m')
    points3d = convert(truth.joints, ones, 'h36m')
    points3d[..., :3] -= points3d[:, :1, :3]
    load_mmhuman3d()
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
        # 0.9 x the silhouette, which is about 1.15 x the extent of the joints
        'bbox_xywh': np.hstack([joint_boxes(truth, 'h36m', 1.03), np.ones((COUNT, 1))]),
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


def h36m_joints(truth: Truth) -> np.ndarray:
    """Joints (N, 17, 3) m that a motion capture would report: of the mesh, in 'h36m'."""
    from mroi_plugin.models.body_models.smpl import SMPLBody

    body = SMPLBody(model_path='no/licensed/files', free_body=True)
    tensors = (
        torch.tensor(getattr(truth, name), dtype=torch.float32)
        for name in ('global_orient', 'body_pose', 'betas')
    )
    orient, pose, betas = tensors
    posed = body(global_orient=orient, body_pose=pose.flatten(1), betas=betas)
    regressor = np.asarray(load_free_body()['J_regressor_h36m'])
    return np.einsum('jv,nvc->njc', regressor, posed['vertices'].numpy()) + truth.transl[:, None]


def _mocap(joints: np.ndarray, pixels: np.ndarray, convention: str, root: int) -> dict:
    """Keypoints of a motion capture: all joints, 3D centered at the root, 'human_data' columns."""
    load_mmhuman3d()
    from mmhuman3d.core.conventions.keypoints_mapping import convert_kps

    ones = np.ones((*joints.shape[:2], 1))
    centered = np.concatenate([joints - joints[:, root : root + 1], ones], 2)
    points3d, mask = convert_kps(centered, convention, 'human_data')
    points2d, _ = convert_kps(np.concatenate([pixels, ones], 2), convention, 'human_data')
    return {
        'keypoints2d': points2d,
        'keypoints2d_mask': mask,
        'keypoints3d': points3d,
        'keypoints3d_mask': mask,
    }


def _project(joints: np.ndarray, truth: Truth) -> np.ndarray:
    return joints[..., :2] / joints[..., 2:] * truth.focal[:, None] + truth.center[:, None]


def h36m_test_entries(truth: Truth, protocol: int, mosh: bool = True) -> dict:
    """mmhuman3d's test files of Human3.6M, with SMPL where ``mosh_dir`` was given; protocol 2 is
    the camera 60457274 alone."""
    train, joints = h36m_entries(truth), h36m_joints(truth)
    ids = ('54138969', '55011271', '58860488', '60457274') if protocol == 1 else ('60457274',) * 4
    names = [
        f'S{9 + i % 2 * 2}/images/S{9 + i % 2 * 2}_Eating_{i}.{c}/'
        f'S{9 + i % 2 * 2}_Eating_{i}.{c}_000001.jpg'
        for i, c in enumerate(ids)
    ]
    return {
        'image_path': names,
        'bbox_xywh': train['bbox_xywh'],
        **_mocap(joints, _project(joints, truth), 'h36m', 0),
        **({'smpl': {k: v for k, v in truth.smpl.items() if k != 'transl'}} if mosh else {}),
        'config': 'h36m',
    }


def mpi_inf_3dhp_entries(truth: Truth, split: str) -> dict:
    """mmhuman3d's files of MPI-INF-3DHP: no SMPL, no camera, 28 joints or, to test, 17."""
    convention = 'mpi_inf_3dhp_test' if split == 'test' else 'mpi_inf_3dhp'
    known = dict(zip(keypoint_names('h36m'), h36m_joints(truth).swapaxes(0, 1)))
    names, spine = keypoint_names(convention), known['spine_extra']
    joints = np.stack([known.get(name, spine) for name in names], 1)
    pixels = _project(joints, truth)
    low, high = pixels.min(1), pixels.max(1)
    size = (high - low) * 1.2
    folder = {'train': 'S1/Seq1/video_0/', 'test': 'mpi_inf_3dhp_test_set/TS1/imageSequence/img_'}
    return {
        'image_path': [f'{folder[split]}{i + 1:06d}.jpg' for i in range(COUNT)],
        'bbox_xywh': np.hstack([(low + high - size) / 2, size, np.ones((COUNT, 1))]),
        **_mocap(joints, pixels, convention, names.index('pelvis_extra')),
        'config': 'mpi_inf_3dhp',
    }


def eft_entries(truth: Truth) -> dict:
    """mmhuman3d's file of EFT's fits: square boxes, joints of 'smpl_49', no translation."""
    spin = spin_entries(truth)
    load_mmhuman3d()
    from mmhuman3d.core.conventions.keypoints_mapping import convert_kps

    points = convert(truth.pixels, truth.inside.astype(float), 'smpl_49')
    full, mask = convert_kps(points, 'smpl_49', 'human_data')
    side = spin['scale'][:, None] * 200
    return {
        'image_path': [f'train2014/COCO_train2014_{i:012d}.jpg' for i in range(COUNT)],
        'bbox_xywh': np.hstack([spin['center'] - side / 2, side, side, np.ones((COUNT, 1))]),
        'keypoints2d': full,
        'keypoints2d_mask': mask,
        'smpl': truth.smpl,
        'config': 'eft',
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
    intrinsics[:, [0, 1], [0, 1]], intrinsics[:, :2, 2] = truth.focal, truth.center
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
