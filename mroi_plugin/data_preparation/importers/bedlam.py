"""BEDLAM's processed labels, and AGORA's in the same form, to HumanData.

Keys read (N persons), beside ``imgname``, ``center`` and ``scale`` of a SPIN-style file (see
`spin`); all are required but the last two:

- ``pose_cam`` (N, 72) axis-angle of SMPL, orientation first, camera axes; ``shape`` (N, 10 or
  more);
- ``trans_cam`` (N, 3) m and ``cam_ext`` (N, 4, 4): the body stands at ``trans_cam`` plus the
  translation of ``cam_ext`` in the frame of the camera;
- ``cam_int`` (N, 3, 3) px: focal length and principal point;
- ``gender`` (N) text;
- ``gtkps`` (N, 45, 3) px: joints of 'smpl_45'.

Images of sequences named *closeup* lie on their side; turn them clockwise before use, which
``image_dir`` checks. 3D joints are added by ``mroi complete-annotations``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mroi_plugin.data_preparation.importers.spin_style import (
    ImportOptions,
    Source,
    add_keypoints,
    add_smpl,
    base_table,
    check_import,
    finish,
    open_source,
    smpl_joints,
)
from mroi_plugin.data_preparation.reprojection import check_reprojection
from mroi_plugin.data_preparation.value_checks import check_distance
from mroi_plugin.datasets.annotation_columns import require_keys
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.datasets.annotation_file import Table, check_output

REQUIRED = ('pose_cam', 'shape', 'trans_cam', 'cam_ext', 'cam_int')
CONVENTION = 'smpl_45'


def import_bedlam(path: str, target: str, options: ImportOptions) -> dict[str, str]:
    """Import BEDLAM's labels; see the module for their keys.

    Args:
        path: the file.
        target: HumanData ``.npz`` to write.
        options: how; ``convention`` is not used.

    Returns:
        What the new file holds, for people.

    Raises:
        AnnotationError: for bad input, named with file, key and sample.
    """
    check_output(target, options.force)
    source = _as_spin(open_source(path, options))
    table = base_table(source, 'bedlam')
    add_keypoints(table, source, replace(options, convention=CONVENTION))
    add_smpl(table, source)
    table['cam_param'] = _cameras(source)
    transl = source.column('trans_cam', (3,)) + source.column('cam_ext', (4, 4))[:, :3, 3]
    table['smpl']['transl'] = transl.astype(np.float32)
    joints = smpl_joints(table, source, options)
    findings = check_import(table, source, joints, options)
    findings += check_distance('trans_cam, cam_ext', transl)
    if 'part' in source.entries:
        findings += check_reprojection(
            'trans_cam, cam_ext, cam_int',
            source.side,
            table,
            joints[..., :3] + transl[:, None],
            table['cam_param']['f'].mean(1),
            table['cam_param']['c'],
        )
    return finish(table, source, target, findings, options)


def _as_spin(source: Source) -> Source:
    """The source with the keys that other importers read."""
    require_keys(source.path, source.entries, REQUIRED, "Expected BEDLAM's processed labels.")
    width = np.asarray(source.entries['pose_cam']).shape[-1]
    if width != 72:
        raise AnnotationError(
            f'{source.path}: pose_cam has {width} columns, expected the 72 of SMPL; labels of '
            'SMPL-X have 165, take those that BEDLAM offers for SMPL.'
        )
    entries = dict(source.entries)
    entries['pose'] = entries['pose_cam']
    points = np.asarray(entries.get('gtkps', ()))
    if points.ndim == 3 and points.shape[1] == 45:
        known = np.isfinite(points[..., :2]).all(-1, keepdims=True)
        if source.size is not None:
            inside = (points[..., :2] >= 0) & (points[..., :2] <= source.size[:, None] - 1)
            known = known & inside.all(-1, keepdims=True)
        entries['part'] = np.concatenate([points[..., :2], known], 2)
    return replace(source, entries=entries)


def _cameras(source: Source) -> Table:
    """``f`` and ``c`` (N, 2) px of ``cam_int``."""
    matrix = source.column('cam_int', (3, 3))
    focal = matrix[:, [0, 1], [0, 1]]
    bad = np.flatnonzero(~(focal > 1).all(1))
    if len(bad):
        raise AnnotationError(
            f'{source.path}: cam_int of {len(bad)} samples has no focal length above 1; the first '
            f'is sample {bad[0]} ({source.names[bad[0]]}): {focal[bad[0]].tolist()}. Expected '
            'pixels on the diagonal.'
        )
    return {'f': focal.astype(np.float32), 'c': matrix[:, :2, 2].astype(np.float32)}
