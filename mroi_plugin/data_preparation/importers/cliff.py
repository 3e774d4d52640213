"""Pseudo ground truth in the form of CLIFF's authors to HumanData.

Keys read (N persons), beside those of a SPIN-style file (see `spin`):

- ``pose`` (N, 72) and ``shape`` (N, 10): required; ``has_smpl`` (N) is 1 where it is missing;
- ``global_t`` (N, 3) m: translation of the body in the frame of the full image, whose principal
  point is the middle of the image;
- ``focal_l`` (N) px: focal length of the full image; sqrt(W^2 + H^2) where it is missing;
- ``cam`` (N, 3): local camera ``(s, t_x, t_y)`` of the square box, used where there is no
  ``global_t`` (Eq. 12).

At least one of ``global_t`` and ``cam`` must be there.
"""

from __future__ import annotations

import numpy as np

from mroi_plugin.cameras import default_focal_length
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
from mroi_plugin.datasets.annotation_file import check_output


def import_cliff(path: str, target: str, options: ImportOptions) -> dict[str, str]:
    """Import pseudo ground truth of CLIFF's authors; see the module for its keys.

    Args:
        path: the file.
        target: HumanData ``.npz`` to write.
        options: how; ``image_dir`` is needed if the file has no ``focal_l`` or no ``global_t``.

    Returns:
        What the new file holds, for people.

    Raises:
        AnnotationError: for bad input, named with file, key and sample.
    """
    check_output(target, options.force)
    source = open_source(path, options)
    require_keys(path, source.entries, ('part', 'pose', 'shape'), 'Expected CLIFF pseudo truth.')
    table = base_table(source, 'cliff')
    add_keypoints(table, source, options)
    add_smpl(table, source)
    focal = _focal_lengths(source)
    transl = _translations(source, focal)
    table['smpl']['transl'] = transl.astype(np.float32)
    table['cam_param'] = {'f': np.repeat(focal[:, None], 2, 1).astype(np.float32)}
    if source.size is not None:
        table['cam_param']['c'] = (source.size / 2).astype(np.float32)
    joints = smpl_joints(table, source, options)
    findings = check_import(table, source, joints, options)
    findings += check_distance(_name(source), transl)
    if source.size is not None:
        keys = f'{_name(source)}, focal_l' if 'focal_l' in source.entries else _name(source)
        findings += check_reprojection(
            keys, source.side, table, joints[..., :3] + transl[:, None], focal, source.size / 2
        )
    return finish(table, source, target, findings, options)


def _name(source: Source) -> str:
    return 'global_t' if 'global_t' in source.entries else 'cam'


def _need_size(source: Source, key: str) -> np.ndarray:
    if source.size is None:
        raise AnnotationError(
            f'{source.path} has no {key}; what stands in for it depends on the size of the images: '
            'say where they are with --image-dir.'
        )
    return source.size


def _focal_lengths(source: Source) -> np.ndarray:
    """Focal lengths (N) in pixels."""
    if 'focal_l' not in source.entries:
        return default_focal_length(_need_size(source, 'focal_l'))
    focal = source.column('focal_l', ())
    bad = np.flatnonzero(~(focal > 1))
    if len(bad):
        raise AnnotationError(
            f'{source.path}: focal_l of {len(bad)} samples is not above 1; the first is sample '
            f'{bad[0]} ({source.names[bad[0]]}): {focal[bad[0]]}. Expected pixels.'
        )
    return focal


def _translations(source: Source, focal: np.ndarray) -> np.ndarray:
    """Translations (N, 3) in meters: ``global_t``, or those that the local cameras imply."""
    if 'global_t' in source.entries:
        return source.column('global_t', (3,))
    require_keys(source.path, source.entries, ('cam',), 'Expected global_t (N, 3) or cam (N, 3).')
    import torch

    from mroi_plugin.cameras import crop_to_full_camera

    middle = _need_size(source, 'global_t') / 2
    rois = np.hstack([source.center - middle, source.side[:, None]])
    cameras = torch.from_numpy(source.column('cam', (3,)))
    return crop_to_full_camera(cameras, torch.from_numpy(rois), torch.from_numpy(focal)).numpy()
