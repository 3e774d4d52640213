"""Annotations of the synthetic data as a HumanData file, written through mmhuman3d."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

CONVENTION = 'smpl_54'


def stack_records(records: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Stack the annotations of N images along a new first axis."""
    return {name: np.stack([record[name] for record in records]) for name in records[0]}


def _smpl_parameters(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: table[name] for name in ('body_pose', 'global_orient', 'betas', 'transl')}


def write_human_data(
    path: Path, image_paths: list[str], records: list[dict[str, np.ndarray]], misc: dict
) -> None:
    """Write one split as a HumanData npz with compressed 'human_data' keypoints, atomically.

    The same arguments give the same bytes.

    Args:
        path: the npz file.
        image_paths: N paths relative to the data set's image folder.
        records: N annotations from `annotate`.
        misc: provenance, plain strings and numbers.
    """
    from mroi_plugin.host import load_host

    load_host()
    from mmhuman3d.core.conventions.keypoints_mapping import convert_kps
    from mmhuman3d.data.data_structures.human_data import HumanData

    table = stack_records(records)
    data = HumanData()
    data['image_path'] = list(image_paths)
    data['bbox_xywh'] = table['bbox']
    for name in ('keypoints2d', 'keypoints3d'):
        converted, mask = convert_kps(table[name], src=CONVENTION, dst='human_data')
        data[name] = converted.astype(np.float32)
        data[f'{name}_mask'] = mask
    data['smpl'] = _smpl_parameters(table)
    data['meta'] = {'gender': ['neutral'] * len(records)}
    data['misc'] = dict(misc)
    extras = {
        'cam_param': {'f': table['focal_length'], 'c': table['principal_point']},
        'image_width': table['size'][:, 0],
        'image_height': table['size'][:, 1],
        'has_smpl': np.ones(len(records), np.float32),
    }
    data.update(extras)
    data.compress_keypoints_by_mask()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'{path.stem}.{os.getpid()}.part.npz')
    data.dump(str(part))
    os.replace(part, path)
