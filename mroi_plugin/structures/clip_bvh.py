"""A clip as BVH, one file per track: SMPL's skeleton in meters, axes as in glTF."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from mroi_plugin.structures.clip import Clip
from mroi_plugin.structures.motion import Motion, joint_offsets, track_motions
from mroi_plugin.structures.rig import JOINT_NAMES, Rig
from mroi_plugin.utils.atomic_files import write_text

TURNS = 'Zrotation Xrotation Yrotation'
PLACE = 'Xposition Yposition Zposition'
END = 0.5
"""Length of the last bones of a limb, in lengths of the bones before."""


def write_clip_bvh(clip: Clip, rig: Rig, stem: Path) -> list[Path]:
    """Write ``STEM_track_0.bvh`` and so on; returns them.

    Every file has all frames of the video from the first with a result to the last, or, where these
    do not follow each other in equal times, the motion at equal times; where the person is not
    there, it is interpolated, or stays as it begins or ends.
    """
    return [
        write_text(f'{stem}_track_{motion.track}.bvh', _text(clip, motion, rig))
        for motion in track_motions(clip, rig)
    ]


def _text(clip: Clip, motion: Motion, rig: Rig) -> str:
    places = _places(clip)
    numbers = np.arange(round(places[-1]) + 1)
    pelvis, rotations = _at(numbers, places[motion.seen], motion)
    order = _order(rig)
    turns = _euler_deg(rotations)[:, order].reshape(len(numbers), -1)
    rows = np.concatenate([pelvis, turns], axis=1)
    lines = ['HIERARCHY', *_joint(0, joint_offsets(motion.joints, rig), rig, '')]
    lines += ['MOTION', f'Frames: {len(rows)}', f'Frame Time: {1 / clip.fps:.8f}']
    lines += [' '.join(f'{value:.6f}' for value in row) for row in rows]
    return '\n'.join(lines) + '\n'


def _places(clip: Clip) -> np.ndarray:
    """When the frames (T) of a clip are shown, in frames of equal times after the first."""
    numbers = clip.frames - clip.frames[0]
    shown = (clip.times - clip.times[0]) * clip.fps
    return numbers if np.abs(shown - numbers).max() < 0.5 else shown


def _at(numbers: np.ndarray, known: np.ndarray, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Pelvis (T, 3) and rotations (T, 24, 3, 3) at frames (T), from those at known ones (n)."""
    if len(known) == 1:
        every = np.zeros(len(numbers), np.int64)
        return motion.pelvis[every], motion.rotations[every]
    when = np.clip(numbers, known[0], known[-1])
    pelvis = np.stack([np.interp(when, known, axis) for axis in motion.pelvis.T], axis=1)
    turns = [
        Slerp(known, Rotation.from_matrix(motion.rotations[:, joint]))(when).as_matrix()
        for joint in range(len(JOINT_NAMES))
    ]
    return pelvis, np.stack(turns, axis=1)


def _euler_deg(rotations: np.ndarray) -> np.ndarray:
    """Angles (T, 24, 3) in degrees, of ``R_z R_x R_y``, without jumps by whole turns."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # gimbal lock: one angle of two is chosen
        angles = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_euler('ZXY', degrees=True)
    return np.unwrap(angles.reshape(*rotations.shape[:2], 3), period=360, axis=0)


def _children(joint: int, rig: Rig) -> list[int]:
    return [child for child, parent in enumerate(rig.parents) if parent == joint]


def _order(rig: Rig, joint: int = 0) -> list[int]:
    """Joints in the order in which the hierarchy names them."""
    return [joint, *(below for child in _children(joint, rig) for below in _order(rig, child))]


def _joint(joint: int, offsets: np.ndarray, rig: Rig, indent: str) -> list[str]:
    root, inner, children = joint == 0, indent + '  ', _children(joint, rig)
    offset = np.zeros(3) if root else offsets[joint]
    lines = [
        f'{indent}{"ROOT" if root else "JOINT"} {JOINT_NAMES[joint]}',
        indent + '{',
        f'{inner}OFFSET {_numbers(offset)}',
        f'{inner}CHANNELS ' + (f'6 {PLACE} {TURNS}' if root else f'3 {TURNS}'),
    ]
    for child in children:
        lines += _joint(child, offsets, rig, inner)
    if not children:
        end = f'{inner}  OFFSET {_numbers(END * offset)}'
        lines += [f'{inner}End Site', inner + '{', end, inner + '}']
    return [*lines, indent + '}']


def _numbers(values: np.ndarray) -> str:
    return ' '.join(f'{value:.6f}' for value in values)
