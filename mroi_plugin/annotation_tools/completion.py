"""What a HumanData file lacks for training with 2D and 3D joints, computed from its SMPL
parameters and cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mroi_plugin.annotation_tools import checks
from mroi_plugin.annotation_tools.bodies import GenderedBodies, Poses, read_poses
from mroi_plugin.annotation_tools.cameras import Cameras, project, read_cameras
from mroi_plugin.annotation_tools.filling import add_results, coco_boxes
from mroi_plugin.annotation_tools.human_data_file import (
    Table,
    check_output,
    read_human_data,
    select,
    write_human_data,
)
from mroi_plugin.annotation_tools.left_right import CONVENTION
from mroi_plugin.annotation_tools.photos import photo_sizes
from mroi_plugin.annotation_tools.problems import AnnotationError, Finding, decide
from mroi_plugin.annotation_tools.pw3d_sequences import sequence_translations
from mroi_plugin.annotation_tools.translation import fit_translations
from mroi_plugin.body_models.smpl import MODEL_PATH
from mroi_plugin.host.conventions import from_human_data, keypoint_names

BOXES = ('auto', 'keep', 'projected')


@dataclass(frozen=True)
class CompletionOptions:
    """How to complete a file.

    Args:
        body_model: folder of the licensed SMPL files.
        free_body: use the free body where there are none.
        pw3d_root: folder of 3DPW; its sequence files say where persons stand.
        fit_translation: where no translation is annotated, fit one to the annotated 2D joints.
        joints_only: add pelvis-centred 3D joints to persons without translation, nothing on the
            image.
        boxes: ``keep``, ``projected`` (of the projected COCO joints), or ``auto``: projected for
            3DPW alone.
        box_padding: factor on the sides of projected boxes.
        focal_length: pixels or ``diagonal``, where no camera is annotated.
        principal_point: pixels, where none is annotated; the middle of the image by default.
        image_dir: folder of the photos, whose sizes are read.
        overwrite_keypoints: replace annotated joints by SMPL's.
        on_suspect: see `problems.ON_SUSPECT`.
        force: replace a file that is there.
        quiet: show no progress bars.
    """

    body_model: str = MODEL_PATH
    free_body: bool = False
    pw3d_root: str | None = None
    fit_translation: bool = False
    joints_only: bool = False
    boxes: str = 'auto'
    box_padding: float = 1.2
    focal_length: float | str | None = None
    principal_point: Sequence[float] | None = None
    image_dir: str | None = None
    overwrite_keypoints: bool = False
    on_suspect: str = 'error'
    force: bool = False
    quiet: bool = False


def complete_annotations(source: str, target: str, options: CompletionOptions) -> dict[str, str]:
    """Complete a HumanData file.

    Adds, where the file has none: ``smpl.transl`` (N, 3) metres, ``keypoints3d`` in the frame of
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
    bodies = GenderedBodies(options.body_model, options.free_body)
    digest = bodies.digest()
    _check_body(source, table, digest)
    cameras = _cameras(source, table, options)
    joints = bodies.joints(poses, options.quiet)
    findings = _check_annotated(source, table, poses, joints)
    transl = np.full((len(poses.known), 3), np.nan)
    if not findings or options.on_suspect != 'error':
        transl = _translations(source, table, poses, cameras, joints, bodies, options)
    pixels = None
    if cameras.focal is not None and cameras.centre is not None:
        pixels = project(joints + transl[:, None], cameras.focal, cameras.centre)
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
        sizes = photo_sizes(path, table['image_path'], options.image_dir, options.quiet)
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
    known = np.broadcast_to(poses.known[:, None, None], (*joints.shape[:2], 1)).astype(float)
    reference = np.concatenate([joints, known], 2)
    for key, points in (
        ('keypoints2d', _annotated(table, 'keypoints2d', 3)),
        ('keypoints3d', points3d),
    ):
        findings += checks.check_left_right(key, points, reference, 'the SMPL joints')
    return findings


def _translations(
    path: str,
    table: Table,
    poses: Poses,
    cameras: Cameras,
    joints: np.ndarray,
    bodies: GenderedBodies,
    options: CompletionOptions,
) -> np.ndarray:
    """Annotated translations, then those of 3DPW's sequences, then fitted ones; (N, 3) metres."""
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
        found = fit_translations(joints, points, cameras.focal, cameras.centre)
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


__all__ = ['BOXES', 'CompletionOptions', 'coco_boxes', 'complete_annotations']
