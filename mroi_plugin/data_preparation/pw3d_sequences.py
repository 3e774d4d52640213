"""Translations of 3DPW, which mmhuman3d's converter leaves out, from the data set's own files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from mroi_plugin.data_preparation.smpl_joints import Poses
from mroi_plugin.datasets.annotation_columns import require_keys
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.utils.progress import track
from mroi_plugin.utils.safe_unpickling import read_pickle

_NAME = re.compile(r'imageFiles/([^/]+)/image_(\d+)\.\w+$')
_SAME_POSE = 1e-3  # radians
_KEYS = ('poses', 'trans', 'cam_poses')


def sequence_translations(
    path: str,
    image_paths: Sequence[str],
    poses: Poses,
    rest_pelvis: np.ndarray,
    root: str,
    quiet: bool = True,
) -> np.ndarray:
    """Translation of every person in the frame of the camera.

    A body turns about its rest pelvis ``J0``: seen from a camera with rotation ``R`` and
    translation ``T``, one placed by ``trans`` in the world stands at
    ``t = R (J0 + trans) + T - J0``. Persons are told apart by their body pose.

    Args:
        path: the annotation file, for messages.
        image_paths: N names like ``imageFiles/SEQUENCE/image_00012.jpg``.
        poses: parameters of the file; orientation in the frame of the camera.
        rest_pelvis: (N, 3) ``J0`` of the gendered body, meters.
        root: folder of 3DPW, with ``sequenceFiles`` in it.
        quiet: show no progress bar.

    Returns:
        (N, 3) meters.

    Raises:
        AnnotationError: naming the sample whose sequence, frame or person is not there.
    """
    frames = _by_sequence(path, image_paths)
    out = np.full((len(image_paths), 3), np.nan)
    for name, rows in track(frames.items(), '3DPW sequences', len(frames), quiet):
        file = _find(path, root, name, image_paths[rows[0][0]])
        sequence = read_pickle(str(file))
        require_keys(str(file), sequence, _KEYS, 'Expected a sequence file of 3DPW.')
        for row, frame in rows:
            where = f'{path}: sample {row} ({image_paths[row]})'
            out[row] = _place(where, file, sequence, frame, poses, rest_pelvis, row)
    return out


def _by_sequence(path: str, image_paths: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    frames = defaultdict(list)
    for row, name in enumerate(image_paths):
        match = _NAME.search(name)
        if match is None:
            raise AnnotationError(
                f'{path}: image_path of sample {row} ({name}) is none of 3DPW: expected '
                'imageFiles/SEQUENCE/image_NNNNN.jpg.'
            )
        frames[match[1]].append((row, int(match[2])))
    return frames


def _find(path: str, root: str, name: str, image: str) -> Path:
    files = sorted(Path(root, 'sequenceFiles').glob(f'*/{name}.pkl'))
    if not files:
        raise AnnotationError(
            f'{path}: {image} is of the sequence {name}, but {root}/sequenceFiles/*/{name}.pkl'
            ' is missing: --pw3d-root is the folder with imageFiles and sequenceFiles.'
        )
    return files[0]


def _place(
    where: str,
    file: Path,
    sequence: dict[str, Any],
    frame: int,
    poses: Poses,
    rest_pelvis: np.ndarray,
    row: int,
) -> np.ndarray:
    """Translation of one person, (3) meters."""
    extrinsic = np.asarray(sequence['cam_poses'], float)
    if frame >= len(extrinsic):
        raise AnnotationError(f'{where}: {file} has {len(extrinsic)} frames only.')
    rotation, shift = extrinsic[frame, :3, :3], extrinsic[frame, :3, 3]
    wanted = poses.body_pose[row].ravel()
    for person, trans in zip(sequence['poses'], sequence['trans']):
        pose = np.asarray(person, float)[frame]
        if np.abs(pose[3:] - wanted).max() < _SAME_POSE:
            _check_orientation(where, rotation, pose[:3], poses.global_orient[row])
            origin = rest_pelvis[row] + np.asarray(trans, float)[frame]
            return rotation @ origin + shift - rest_pelvis[row]
    raise AnnotationError(
        f'{where}: none of the {len(sequence["poses"])} persons of {file} has its body pose: the '
        'two files are not of the same release.'
    )


def _check_orientation(
    where: str, rotation: np.ndarray, world: np.ndarray, given: np.ndarray
) -> None:
    expected = Rotation.from_matrix(rotation) * Rotation.from_rotvec(world)
    angle = (expected.inv() * Rotation.from_rotvec(given)).magnitude()
    if angle > 0.01:
        raise AnnotationError(
            f'{where}: smpl.global_orient is {np.degrees(angle):.0f} degrees off the orientation '
            "in the frame of the camera, which mmhuman3d's pw3d converter writes."
        )
