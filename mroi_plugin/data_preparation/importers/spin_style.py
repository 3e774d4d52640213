"""Boxes, joints, SMPL parameters of SPIN-style files and their checks."""

from __future__ import annotations

import os.path as osp
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from mroi_plugin.data_preparation import value_checks as checks
from mroi_plugin.data_preparation.image_sizes import image_sizes
from mroi_plugin.data_preparation.joint_frame import check_solid
from mroi_plugin.data_preparation.left_right import from_openpose
from mroi_plugin.data_preparation.reprojection import check_flat
from mroi_plugin.data_preparation.smpl_joints import AnnotationBodies, read_poses
from mroi_plugin.datasets.annotation_columns import (
    check_confidence,
    clip_confidence,
    column,
    file_names,
    gender_codes,
    require_keys,
)
from mroi_plugin.datasets.annotation_errors import AnnotationError, Finding, decide
from mroi_plugin.datasets.annotation_file import (
    HUMAN_DATA,
    Table,
    select,
    to_human_data,
    write_human_data,
)
from mroi_plugin.mmhuman3d_compat.conventions import from_human_data, keypoint_names
from mroi_plugin.models.body_models.genders import GENDER_NAMES
from mroi_plugin.models.body_models.smpl import MODEL_PATH
from mroi_plugin.utils.npz_files import read_npz

BOX_UNIT_PX = 200.0
"""``scale`` is the side of the box over this."""
REQUIRED = ('imgname', 'center', 'scale')


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import.

    Args:
        image_dir: folder of the images; if given, all must be there and boxes must meet them.
        convention: keypoint convention of ``part`` and ``S``.
        body_model: folder of the licensed SMPL files, for the check of left and right; the free
            body does where there are none.
        on_suspect: see `annotation_errors.ON_SUSPECT`.
        force: replace a file that is there.
        quiet: show no progress bars.
    """

    image_dir: str | None = None
    convention: str = 'smpl_24'
    body_model: str = MODEL_PATH
    on_suspect: str = 'error'
    force: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Source:
    """A SPIN-style file and what of it is needed everywhere.

    Args:
        path: the file.
        entries: its content.
        names: N image names.
        center: (N, 2) box centers, pixels.
        side: (N) box sides, pixels.
        size: (N, 2) width and height of the images, pixels, if they were read.
    """

    path: str
    entries: Mapping[str, Any]
    names: list[str]
    center: np.ndarray
    side: np.ndarray
    size: np.ndarray | None

    def column(self, name: str, shape: tuple[int, ...], more: bool = False) -> np.ndarray:
        """A column (N, *shape), see `columns.column`."""
        return column(self.path, name, self.entries[name], len(self.names), shape, more=more)

    def keypoints(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """The same of keypoints, confidence last, see `check_confidence`."""
        points = self.column(name, shape)
        check_confidence(self.path, name, points, self.names)
        return points


def open_source(path: str, options: ImportOptions) -> Source:
    """Read a SPIN-style ``.npz``.

    Raises:
        AnnotationError: for missing keys, wrong lengths, empty boxes, or missing images.
    """
    if not osp.isdir(options.image_dir or '.'):
        raise AnnotationError(f'--image-dir {options.image_dir} is no folder.')
    entries = read_npz(path)
    require_keys(path, entries, REQUIRED, 'Expected the keys of a SPIN-style file.')
    names = file_names(path, 'imgname', entries['imgname'])
    center = column(path, 'center', entries['center'], len(names), (2,), finite=True)
    side = column(path, 'scale', entries['scale'], len(names), (), finite=True) * BOX_UNIT_PX
    bad = np.flatnonzero(side <= 0)
    if len(bad):
        raise AnnotationError(
            f'{path}: scale of {len(bad)} samples is not above 0; the first is sample {bad[0]} '
            f'({names[bad[0]]}): {side[bad[0]] / BOX_UNIT_PX}. Expected side of the box / 200.'
        )
    size = None
    if options.image_dir is not None:
        size = image_sizes(path, names, options.image_dir, options.quiet)
    return Source(path, entries, names, center, side, size)


def base_table(source: Source, kind: str) -> Table:
    """Image paths, boxes and provenance."""
    corner = source.center - source.side[:, None] / 2
    sides, ones = np.repeat(source.side[:, None], 2, 1), np.ones((len(source.names), 1))
    table = {
        'image_path': source.names,
        'bbox_xywh': np.hstack([corner, sides, ones]),
        'config': kind,
        'misc': {'imported_from': osp.basename(source.path), 'format': kind},
    }
    if source.size is not None:
        table['image_width'], table['image_height'] = source.size.T.astype(np.int32)
    if 'gender' in source.entries:
        given = source.entries['gender']
        codes = gender_codes(source.path, 'gender', given, len(source.names))
        table['meta'] = {'gender': [GENDER_NAMES[int(code)] for code in codes]}
    return table


def add_keypoints(table: Table, source: Source, options: ImportOptions) -> None:
    """Joints of ``part`` and ``openpose`` (N, K, 3) px and of ``S`` (N, K, 4) m, where given."""
    try:
        joints = len(keypoint_names(options.convention))
    except ValueError as error:
        raise AnnotationError(f'--convention: {error}') from None
    parts = []
    if 'part' in source.entries:
        parts.append(to_human_data(source.keypoints('part', (joints, 3)), options.convention))
    if 'openpose' in source.entries:
        parts.append(to_human_data(source.keypoints('openpose', (25, 3)), 'openpose_25'))
    if parts:
        points = [_clean(found) for found, _ in parts]
        table['keypoints2d'] = reduce(_more_confident, points)
        table['keypoints2d_mask'] = np.max([mask for _, mask in parts], 0).astype(np.uint8)
        table['keypoints2d_convention'] = HUMAN_DATA
    if 'S' in source.entries:
        points, mask = to_human_data(source.keypoints('S', (joints, 4)), options.convention)
        table['keypoints3d'], table['keypoints3d_mask'] = _clean(points), mask
        table['keypoints3d_convention'] = HUMAN_DATA


def _more_confident(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of every joint (N, 190, 3) px and confidence that two sources name, the more certain one."""
    return np.where(others[..., 2:] > points[..., 2:], others, points)


def _clean(points: np.ndarray) -> np.ndarray:
    """NaN joints and those of no confidence become 0; see `clip_confidence`."""
    points = clip_confidence(points)
    known = np.isfinite(points).all(-1, keepdims=True) & (np.nan_to_num(points[..., -1:]) > 0)
    return np.where(known, points, 0)


def add_smpl(table: Table, source: Source) -> None:
    """``pose`` (N, 72) and ``shape`` (N, 10 or more), of which the first 10 are kept, with
    ``has_smpl`` or for all."""
    if 'pose' not in source.entries or 'shape' not in source.entries:
        return
    pose, count = source.column('pose', (72,)), len(source.names)
    table['smpl'] = {
        'global_orient': pose[:, :3].astype(np.float32),
        'body_pose': pose[:, 3:].reshape(count, 23, 3).astype(np.float32),
        'betas': source.column('shape', (10,), more=True).astype(np.float32),
    }
    has_smpl = np.ones(count)
    if 'has_smpl' in source.entries:
        has_smpl = source.column('has_smpl', ())
    table['has_smpl'] = (has_smpl > 0).astype(np.float32)


def smpl_joints(table: Table, source: Source, options: ImportOptions) -> np.ndarray | None:
    """SMPL joints (N, 54, 4) m, camera axes, confidence 0 without parameters; None if nobody has
    them."""
    if 'smpl' not in table:
        return None
    poses = read_poses(source.path, table)
    joints = AnnotationBodies(options.body_model, free_body=True).joints(poses, options.quiet)
    known = np.broadcast_to(poses.known[:, None, None], (*joints.shape[:2], 1))
    return np.concatenate([joints, known], 2)


def check_import(
    table: Table, source: Source, joints: np.ndarray | None, options: ImportOptions
) -> list[Finding]:
    """Contradictions between boxes, joints and SMPL parameters; see `checks`."""
    convention = 'smpl_54'
    shape = (len(source.names), len(keypoint_names(convention)))
    points = {'part': np.zeros((*shape, 3)), 'S': np.zeros((*shape, 4))}
    for name, key in (('part', 'keypoints2d'), ('S', 'keypoints3d')):
        if name in source.entries:
            points[name] = from_human_data(table[key], table[f'{key}_mask'], convention)
    if 'openpose' in source.entries:
        points['openpose'] = from_openpose(_clean(source.column('openpose', (25, 3))))
    visible = points['part'] if 'part' in source.entries else points.get('openpose', points['part'])
    findings = checks.check_person_size('S', points['S'])
    if 'smpl' in table:
        findings += checks.check_betas('shape', table['smpl']['betas'])
        known = np.asarray(table['has_smpl']) > 0
        findings += checks.check_rotations('pose', source.column('pose', (24, 3)), known)
    findings += checks.check_box_meets_joints('center, scale', source.center, source.side, visible)
    findings += checks.check_box_meets_image(
        'center, scale', table['bbox_xywh'][:, :4], source.size
    )
    return findings + _check_sides(points, joints)


def _check_sides(points: dict[str, np.ndarray], joints: np.ndarray | None) -> list[Finding]:
    """Against SMPL where there are parameters, else 2D against ``S``, else against ``part``."""
    known = np.zeros(len(points['S']), bool) if joints is None else joints[..., -1].any(1)
    with_s = (points['S'][..., -1] > 0).any(1)
    findings = []
    for name, values in points.items():
        if joints is not None and name == 'S':
            findings += check_solid(name, values, joints, 'the SMPL joints')
        elif joints is not None:
            findings += check_flat(name, values, joints)
        if name != 'S':
            rest = _where(points['S'], ~known)
            findings += checks.check_left_right(name, values, rest, 'the 3D joints (S)')
        if name == 'openpose':
            rest = _where(points['part'], ~known & ~with_s)
            findings += checks.check_left_right(name, values, rest, 'the joints of part')
    return findings


def _where(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The joints with confidence 0 except in some rows."""
    out = points.copy()
    out[~rows, :, -1] = 0
    return out


def finish(
    table: Table, source: Source, target: str, findings: list[Finding], options: ImportOptions
) -> dict[str, str]:
    """Decide about suspect samples, write the file, and say what it holds."""
    keep = decide(source.path, source.names, findings, options.on_suspect)
    table = select(table, keep)
    write_human_data(target, table)
    report = {'persons': str(int(keep.sum())), 'dropped': str(int((~keep).sum()))}
    for key in ('keypoints2d', 'keypoints3d'):
        known = (table[key][..., -1] > 0).any(1) if key in table else np.zeros(1)
        report[key] = f'{int(known.sum())} persons'
    report['smpl'] = f'{int(np.sum(table.get("has_smpl", 0)))} persons'
    report['focal length'] = 'annotated' if 'cam_param' in table else 'none: sqrt(W^2 + H^2)'
    report['bbox_xywh'] = 'side = 200 scale; padding as in the file'
    return report
