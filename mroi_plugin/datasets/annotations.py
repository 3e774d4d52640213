"""HumanData files as plain arrays: one row per person, masks that say what is known."""

from __future__ import annotations

import os.path as osp
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from mroi_plugin.datasets.column_checks import check_columns, check_poses
from mroi_plugin.host.conventions import from_human_data, keypoint_names

GENDERS = {'m': 0, 'male': 0, 'f': 1, 'female': 1}
"""Everything else is neutral, -1."""
GENDER_NAMES = {0: 'male', 1: 'female', -1: 'neutral'}


@dataclass
class Annotations:
    """Persons of one annotation file.

    Args:
        image_paths: relative to the image folder of the data set.
        arrays: float32 arrays with one row per person: ``box_centre`` (2) and ``box_size`` (2) px,
            ``keypoints2d`` (K, 3), ``keypoints3d`` (K, 4), ``smpl_body_pose`` (23, 3),
            ``smpl_global_orient`` (3), ``smpl_betas`` (10), ``smpl_transl`` (3), ``has_smpl`` (),
            ``has_transl`` () and, where annotated, ``focal_length`` () and ``principal_point`` (2)
            px.
        genders: 0 male, 1 female, -1 neutral.
        body: fingerprint of the body that made the annotation, if the file says so.
        source: the file.
    """

    image_paths: list[str]
    arrays: dict[str, np.ndarray]
    genders: np.ndarray
    body: str | None
    source: str

    def __len__(self) -> int:
        return len(self.image_paths)

    def row(self, index: int) -> dict[str, Any]:
        """One person as float64 arrays; ``focal_length`` is a float."""
        row = {name: array[index].astype(np.float64) for name, array in self.arrays.items()}
        if 'focal_length' in row:
            row['focal_length'] = float(row['focal_length'])
        return {**row, 'image_path': self.image_paths[index], 'gender': int(self.genders[index])}

    def check_body(self, body: Any) -> None:
        """Refuse a body whose parameters mean something else than those of the file.

        Raises:
            ValueError: if the file names the body it was made with and ``body`` is another.
        """
        from mroi_plugin.body_models import body_digest

        if self.body is not None and self.body != body_digest(body):
            raise ValueError(
                f'{self.source} was rendered from the body {self.body}, but body_model is '
                f'{body_digest(body)}: SMPL parameters do not carry over. Make the data again with '
                'tools/make_synthetic_data.py --force, or set body_model to the body it was made '
                'from.'
            )


def read_annotations(path: str, convention: str, box_padding: float = 1.0) -> Annotations:
    """Read an mmhuman3d HumanData ``.npz``.

    Args:
        path: the file.
        convention: keypoint convention wanted.
        box_padding: factor on the sides of ``bbox_xywh``.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it cannot be read, holds no person, an empty or NaN box, or columns of
            unequal length.
    """
    data = _load_human_data(path)
    count = len(data['image_path'])
    arrays = {
        **_boxes(path, data, box_padding),
        **_keypoints(data, count, convention),
        **_smpl(data, count),
        **_cameras(path, data, count),
    }
    _check_lengths(path, arrays, count)
    genders = _genders(data, count)
    body = (data.get('misc') or {}).get('body')
    return Annotations(list(data['image_path']), arrays, genders, body, path)


def read_poses(path: str) -> dict[str, np.ndarray]:
    """SMPL parameters of a HumanData ``.npz`` that may hold nothing else, e.g. of AMASS.

    Args:
        path: the file.

    Returns:
        ``smpl_body_pose`` (n, 23, 3) and ``smpl_global_orient`` (n, 3) axis-angle, ``smpl_betas``
        (n, 10) and ``smpl_transl`` (n, 3), of the persons who have them.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it cannot be read or nobody has SMPL parameters.
    """
    given = _open_human_data(path).get('smpl')
    if not given:
        raise ValueError(f"{path} has no 'smpl' with body_pose, global_orient and betas.")
    check_poses(path, {'smpl': given}, len(given.get('body_pose', ())))
    arrays = _smpl({'smpl': given}, len(given.get('body_pose', ())))
    known = arrays.pop('has_smpl') > 0
    del arrays['has_transl']
    if not known.any():
        raise ValueError(
            f'{path}: nobody has SMPL parameters; expected smpl/body_pose, global_orient and betas.'
        )
    return {name: array[known] for name, array in arrays.items()}


def _load_human_data(path: str) -> Any:
    data = _open_human_data(path)
    if not len(data.get('image_path', ())):
        raise ValueError(f"{path} (ann_file) holds no 'image_path' entries: nothing to load.")
    if 'bbox_xywh' not in data:
        raise ValueError(
            f"{path} (ann_file) has no 'bbox_xywh': RoIs need the box of every person."
        )
    check_columns(path, data)
    return _decompress(data)


def _open_human_data(path: str) -> dict[str, Any]:
    """Entries of the file; nothing in it is executed."""
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path} (ann_file) is missing: see README.md, "Data".')
    from mroi_plugin.annotation_tools.problems import AnnotationError
    from mroi_plugin.annotation_tools.safe_files import read_npz

    try:
        return read_npz(path)
    except AnnotationError as error:
        raise ValueError(
            f'{path} (ann_file) is no HumanData .npz ({error}): write it with an mmhuman3d '
            'converter.'
        ) from error


def _decompress(data: dict[str, Any]) -> dict[str, Any]:
    """Keypoints of all joints, where the file keeps only those of the mask."""
    if not data.get('__keypoints_compressed__', False):
        return data
    full = dict(data)
    for key, values in data.items():
        mask = data.get(f'{key}_mask')
        if mask is not None:
            known = np.asarray(mask) > 0
            full[key] = np.zeros((len(values), len(known), values.shape[-1]), values.dtype)
            full[key][:, known] = values
    return full


def _boxes(path: str, data: Any, padding: float) -> dict[str, np.ndarray]:
    if not 0 < padding < np.inf:
        raise ValueError(f'{path}: box_padding={padding}, expected a factor above 0, e.g. 1.2.')
    boxes = np.asarray(data['bbox_xywh'], np.float32)[:, :4]
    bad = ~np.isfinite(boxes).all(1) | (boxes[:, 2:] <= 0).any(1)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f'{path}: bbox_xywh of {int(bad.sum())} persons is empty or not finite; the first is '
            'sample '
            f'{first} ({data["image_path"][first]}): {boxes[first].tolist()}. Expected x, y, w > '
            '0, h > 0 '
            'in pixels; mend or drop them.'
        )
    return {'box_centre': boxes[:, :2] + boxes[:, 2:] / 2, 'box_size': boxes[:, 2:] * padding}


def _keypoints(data: Any, count: int, convention: str) -> dict[str, np.ndarray]:
    out = {}
    for name, channels in (('keypoints2d', 3), ('keypoints3d', 4)):
        if name in data:
            out[name] = from_human_data(
                np.asarray(data[name]), np.asarray(data[f'{name}_mask']), convention
            )
        else:
            out[name] = np.zeros((count, len(keypoint_names(convention)), channels), np.float32)
    return out


def _smpl(data: Any, count: int) -> dict[str, np.ndarray]:
    """SMPL parameters; a person has them if all are there and finite, and ``has_smpl`` does not
    deny it."""
    given = data.get('smpl') or {}
    shapes = {'body_pose': (23, 3), 'global_orient': (3,), 'betas': (10,), 'transl': (3,)}
    out, known = {}, {}
    for name, shape in shapes.items():
        value = np.zeros((count, *shape), np.float32)
        if name in given:
            raw = np.asarray(given[name], np.float32)
            value = raw[:, :10] if name == 'betas' else raw.reshape(len(raw), *shape)
        known[name] = np.isfinite(value.reshape(len(value), -1)).all(1) & (name in given)
        out[f'smpl_{name}'] = np.nan_to_num(value)
    has_smpl = known['body_pose'] & known['global_orient'] & known['betas']
    if 'has_smpl' in data:
        has_smpl = has_smpl & (np.asarray(data['has_smpl']).reshape(-1) > 0)
    out['has_smpl'] = has_smpl.astype(np.float32)
    out['has_transl'] = (has_smpl & known['transl']).astype(np.float32)
    return out


def _cameras(path: str, data: Any, count: int) -> dict[str, np.ndarray]:
    """``focal_length`` and ``principal_point``, in pixels, where ``cam_param`` annotates them as f
    and c."""
    given = data.get('cam_param')
    if given is None:
        return {}
    if not (isinstance(given, dict) and 'f' in given):
        warnings.warn(
            f"{path}: cam_param has no 'f' (N, 2) and 'c' (N, 2) in pixels; its cameras are not "
            'used and '
            'the focal length defaults to sqrt(W^2 + H^2).',
            stacklevel=2,
        )
        return {}
    out = {'focal_length': np.asarray(given['f'], np.float32).reshape(count, -1).mean(1)}
    if 'c' in given:
        out['principal_point'] = np.asarray(given['c'], np.float32).reshape(count, 2)
    return out


def _genders(data: Any, count: int) -> np.ndarray:
    names = (data.get('meta') or {}).get('gender')
    names = ['neutral'] * count if names is None else names
    return np.array([GENDERS.get(str(name).lower(), -1) for name in names])


def _check_lengths(path: str, arrays: dict[str, np.ndarray], count: int) -> None:
    wrong = {name: len(array) for name, array in arrays.items() if len(array) != count}
    if wrong:
        raise ValueError(
            f'{path}: {count} image paths, but {wrong} rows; all must have one per person.'
        )
