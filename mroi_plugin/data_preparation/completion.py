"""Joints, translations and cameras for a HumanData file, from its SMPL parameters."""

from __future__ import annotations

import numpy as np

from mroi_plugin.data_preparation import value_checks as checks
from mroi_plugin.data_preparation.completion_options import CompletionOptions
from mroi_plugin.data_preparation.filling import add_results
from mroi_plugin.data_preparation.image_sizes import image_sizes
from mroi_plugin.data_preparation.joint_frame import check_solid
from mroi_plugin.data_preparation.left_right import CONVENTION
from mroi_plugin.data_preparation.pw3d_sequences import sequence_translations
from mroi_plugin.data_preparation.reprojection import check_flat
from mroi_plugin.data_preparation.smpl_joints import AnnotationBodies, Poses, read_poses
from mroi_plugin.data_preparation.translation import fit_translations
from mroi_plugin.datasets.annotation_cameras import Cameras, project, read_cameras
from mroi_plugin.datasets.annotation_errors import AnnotationError, Finding, decide, refused
from mroi_plugin.datasets.annotation_file import (
    Table,
    check_output,
    read_human_data,
    select,
    write_human_data,
)
from mroi_plugin.mmhuman3d_compat.conventions import from_human_data, keypoint_names


def complete_annotations(source: str, target: str, options: CompletionOptions) -> dict[str, str]:
    """Complete a HumanData file.

    Adds, where the file has none: ``smpl.transl`` (N, 3) meters, ``keypoints3d`` in the frame of
    the camera and ``keypoints2d`` in pixels of SMPL's joints with the body of each person's gender,
    and ``cam_param`` with ``f`` and ``c`` in pixels. Persons without SMPL parameters get confidence
    0. ``misc.body`` keeps the fingerprint of the body.

    Args:
        source: HumanData ``.npz``.
        target: the file to write.
        options: how.

    Returns:
        What was added, for people.

    Raises:
        AnnotationError: for bad input, named with file, key and sample.
        FileNotFoundError: if a file is missing.
    """
    check_output(target, options.force)
    if options.box_padding <= 0 or not np.isfinite(options.box_padding):
        raise AnnotationError(f'--box-padding {options.box_padding}: expected a number above 0.')
    table = read_human_data(source)
    poses = read_poses(source, table)
    bodies = AnnotationBodies(options.body_model, options.free_body)
    digest = bodies.digest()
    _check_body(source, table, digest)
    cameras = _cameras(source, table, options)
    joints = bodies.joints(poses, options.quiet)
    findings = _check_annotated(source, table, poses, joints)
    transl = np.full((len(poses.known), 3), np.nan)
    if not refused(findings, options.on_suspect):
        transl = _translations(source, table, poses, cameras, joints, bodies, options)
    pixels = None
    if cameras.focal is not None and cameras.center is not None:
        pixels = project(joints + transl[:, None], cameras.focal, cameras.center)
    findings += _check_boxes(table, pixels, cameras)
    keep = decide(source, table['image_path'], findings, options.on_suspect)
    filled, report = add_results(table, poses, joints, transl, pixels, cameras, options)
    filled['misc'] = {**(filled.get('misc') or {}), **({'body': digest} if digest else {})}
    write_human_data(target, select(filled, keep))
    dropped = int((~keep).sum())
    return {'persons': str(int(keep.sum())), 'dropped': str(dropped), **report}


def _check_body(path: str, table: Table, digest: str | None) -> None:
    made_with = (table.get('misc') or {}).get('body')
    if made_with is not None and digest is not None and made_with != digest:
        raise AnnotationError(
            f'{path} was made from the body {made_with}, but the body here is {digest}: SMPL '
            'parameters do not carry over. Give the folder of that body with --body-model.'
        )


def _cameras(path: str, table: Table, options: CompletionOptions) -> Cameras:
    count = len(table['image_path'])
    cameras = read_cameras(path, table)
    if options.image_dir is not None:
        sizes = image_sizes(path, table['image_path'], options.image_dir, options.quiet)
        cameras = cameras.with_size(sizes)
    if options.joints_only and cameras.focal is None and options.focal_length is None:
        return cameras
    return cameras.with_defaults(options.focal_length, options.principal_point).for_count(count)


def _annotated(table: Table, key: str, channels: int) -> np.ndarray:
    """Annotated joints in 'smpl_54', (N, 54, channels), confidence 0 where there are none."""
    if key not in table:
        return np.zeros((len(table['image_path']), len(keypoint_names(CONVENTION)), channels))
    converted = from_human_data(table[key], table[f'{key}_mask'], CONVENTION)
    return converted.astype(float)


def _check_annotated(path: str, table: Table, poses: Poses, joints: np.ndarray) -> list[Finding]:
    points3d = _annotated(table, 'keypoints3d', 4)
    findings = checks.check_person_size('keypoints3d', points3d)
    findings += checks.check_distance('smpl.transl', poses.transl)
    findings += checks.check_betas('smpl.betas', poses.betas)
    known = np.broadcast_to(poses.known[:, None, None], (*joints.shape[:2], 1)).astype(float)
    reference = np.concatenate([joints, known], 2)
    points2d = _annotated(table, 'keypoints2d', 3)
    findings += checks.check_rotations('smpl.global_orient', poses.global_orient, poses.known)
    findings += checks.check_rotations('smpl.body_pose', poses.body_pose, poses.known)
    findings += check_flat('keypoints2d', points2d, reference)
    return findings + check_solid('keypoints3d', points3d, reference, 'the SMPL joints')


def _translations(
    path: str,
    table: Table,
    poses: Poses,
    cameras: Cameras,
    joints: np.ndarray,
    bodies: AnnotationBodies,
    options: CompletionOptions,
) -> np.ndarray:
    """Annotated translations, then those of 3DPW's sequences, then fitted ones; (N, 3) meters."""
    transl = np.where(poses.known[:, None], poses.transl, np.nan)
    lacking = poses.known & ~np.isfinite(transl).all(1)
    if lacking.any() and options.pw3d_root is not None:
        pelvis = bodies.rest_pelvis(poses)
        names = table['image_path']
        found = sequence_translations(path, names, poses, pelvis, options.pw3d_root, options.quiet)
        transl = np.where(lacking[:, None], found, transl)
    elif lacking.any() and options.fit_translation:
        if cameras.focal is None:
            raise AnnotationError(f'{path}: --fit-translation needs a camera: see --focal-length.')
        points = _annotated(table, 'keypoints2d', 3)
        found = fit_translations(joints, points, cameras.focal, cameras.center)
        transl = np.where(lacking[:, None], found, transl)
    elif lacking.any() and not options.joints_only:
        first = int(np.flatnonzero(lacking)[0])
        raise AnnotationError(
            f'{path}: smpl.transl of {int(lacking.sum())} samples is missing; the first is sample '
            f'{first} ({table["image_path"][first]}). Give --pw3d-root for 3DPW, --fit-translation '
            'if 2D joints are annotated, or --joints-only to do without.'
        )
    return transl


def _check_boxes(table: Table, pixels: np.ndarray | None, cameras: Cameras) -> list[Finding]:
    points = _annotated(table, 'keypoints2d', 3)
    if pixels is not None:
        lacking = ~(points[..., 2] > 0).any(1)
        known = np.isfinite(pixels).all(-1, keepdims=True)
        projected = np.concatenate([np.nan_to_num(pixels), known], 2)
        points[lacking] = projected[lacking]
    boxes = table['bbox_xywh'][:, :4]
    return [
        *checks.check_box_format('bbox_xywh', boxes, points, cameras.size),
        *checks.check_box_meets_image('bbox_xywh', boxes, cameras.size),
    ]
