"""Cameras of HumanData files in all the forms that converters write, as focal length and principal
point in pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mroi_plugin.datasets.annotation_columns import check_rows, column
from mroi_plugin.datasets.annotation_errors import AnnotationError

_H36M_NAME = re.compile(r'(S\d+)_[^/]*\.(\d{8})[_./]')
MATRICES = ('in_mat', 'K', 'intrinsics', 'cam_int')
"""Names of a camera matrix: mmhuman3d's, and what others call it."""
EXTRINSICS = {'rotation_mat': (3, 3), 'translation': (3,)}
_DISTORTION = ('k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'p1', 'p2')


class UnknownCamerasError(AnnotationError):
    """Cameras of a form that is not read."""


@dataclass(frozen=True)
class Cameras:
    """Cameras of N persons.

    Args:
        focal: (N, 2) along x and y, pixels; None if not annotated.
        center: (N, 2) principal point, pixels from the top left corner; None if not annotated.
        size: (N, 2) width and height of the image, pixels; None if unknown.
        extras: further columns to keep with them, e.g. ``rotation_mat`` and ``translation``.
    """

    focal: np.ndarray | None
    center: np.ndarray | None
    size: np.ndarray | None
    extras: dict[str, np.ndarray]

    def entry(self) -> dict[str, np.ndarray] | None:
        """``cam_param`` as `MultiRoIHumanDataset` reads it: ``f`` and ``c``, (N, 2) pixels."""
        if self.focal is None:
            return None
        center = {} if self.center is None else {'c': self.center.astype(np.float32)}
        return {'f': self.focal.astype(np.float32), **center, **self.extras}

    def with_size(self, size: np.ndarray | None) -> Cameras:
        """The same with the sizes of the images, which win."""
        return self if size is None else replace(self, size=size)

    def with_defaults(
        self, focal_px: float | str | None, center_px: Sequence[float] | None
    ) -> Cameras:
        """The same with what the user says where nothing is annotated.

        Args:
            focal_px: pixels, or ``diagonal`` for sqrt(W^2 + H^2), or None.
            center_px: principal point; the middle of the image by default.

        Raises:
            AnnotationError: if the size of the images is needed and unknown.
        """
        focal, center = self.focal, self.center
        if focal is None and focal_px is not None:
            sides = self._size('--focal-length diagonal') if focal_px == 'diagonal' else None
            value = np.hypot(*sides.T) if sides is not None else np.full(1, float(focal_px))
            focal = np.stack([value, value], 1)
        if focal is not None and center is None:
            center = self._size('the principal point') / 2 if center_px is None else [center_px]
        return replace(self, focal=focal, center=None if center is None else np.array(center))

    def for_count(self, count: int) -> Cameras:
        """The same with one row per person where one value holds for all."""
        rows = {
            name: np.broadcast_to(value, (count, 2)).astype(float)
            for name, value in (('focal', self.focal), ('center', self.center))
            if value is not None
        }
        return replace(self, **rows)

    def _size(self, purpose: str) -> np.ndarray:
        if self.size is None:
            raise AnnotationError(
                f'{purpose} needs the size of the images: say where they are with --image-dir, or '
                'give --principal-point.'
            )
        return self.size


def read_cameras(path: str, table: Mapping[str, Any]) -> Cameras:
    """Cameras of a HumanData table.

    Understands ``cam_param`` with columns ``f`` and ``c``; a matrix (3, 3) under one of `MATRICES`,
    one for all or one per person, also beside ``cam_param``; a list of matrices, or of
    dictionaries of mmhuman3d's ``CameraParameter`` (3DPW); and one per (subject, camera), found by
    the name of the image (Human3.6M).

    Raises:
        UnknownCamerasError: for any other form.
        AnnotationError: for a camera without focal length, or not one per person.
    """
    count = len(table['image_path'])
    size = image_sizes_of(path, table)
    beside = {name: table[name] for name in MATRICES if name in table}
    given = table.get('cam_param', beside or None)
    if given is None:
        return Cameras(None, None, size, {})
    if isinstance(given, dict) and 'f' in given:
        return replace(_from_columns(path, given, count), size=size)
    cameras = _from_parameters(path, _one_per_person(path, given, table['image_path']))
    return cameras if size is None else replace(cameras, size=size)


def image_sizes_of(path: str, table: Mapping[str, Any]) -> np.ndarray | None:
    """``image_width`` and ``image_height`` (N, 2) px of a table, None where it has none.

    Raises:
        AnnotationError: if there is not one number per person.
    """
    names, count = ('image_width', 'image_height'), len(table['image_path'])
    if any(name not in table for name in names):
        return None
    return np.stack([column(path, name, table[name], count, ()) for name in names], 1)


def _from_columns(path: str, given: Mapping[str, Any], count: int) -> Cameras:
    focal = np.asarray(given['f'], float)
    focal = column(path, 'cam_param.f', focal, count, focal.shape[1:], finite=True)
    focal = np.broadcast_to(focal.reshape(count, -1)[:, :2], (count, 2))
    center = None
    if 'c' in given:
        center = column(path, 'cam_param.c', given['c'], count, (2,), finite=True)
    extras = {name: value for name, value in given.items() if name not in ('f', 'c')}
    return _check_focal(path, Cameras(np.array(focal), center, None, extras))


def _one_per_person(path: str, given: Any, image_paths: Sequence[str]) -> list[Mapping[str, Any]]:
    if isinstance(given, dict) and given and all(isinstance(key, tuple) for key in given):
        return [given[_h36m_camera(path, i, name, given)] for i, name in enumerate(image_paths)]
    if isinstance(given, dict):
        for name in (name for name in MATRICES if name in given):
            if np.size(given[name]) == 9:
                return [given] * len(image_paths)
            given = given[name]
            break
    if isinstance(given, np.ndarray) and given.shape == (3, 3):
        return [{'in_mat': given}] * len(image_paths)
    if isinstance(given, (list, tuple, np.ndarray)):
        if len(given) != len(image_paths):
            raise AnnotationError(
                f'{path}: cam_param has {len(given)} cameras, but there are {len(image_paths)} '
                'image paths.'
            )
        return [one if isinstance(one, Mapping) else {'in_mat': one} for one in given]
    holds = f' of {", ".join(map(str, given))}' if isinstance(given, Mapping) else ''
    raise UnknownCamerasError(
        f'{path}: cam_param is {type(given).__name__}{holds}, a form that is not known; expected '
        'columns f and c in pixels, matrices K, or cameras of an mmhuman3d converter. Remove it '
        'and see --focal-length.'
    )


def _h36m_camera(path: str, index: int, name: str, cameras: Mapping) -> tuple[str, str]:
    match = _H36M_NAME.search(name)
    if match is None or match.groups() not in cameras:
        raise AnnotationError(
            f'{path}: cam_param names cameras by (subject, camera), but the image path of sample '
            f'{index} ({name}) leads to none of its {len(cameras)}.'
        )
    return match.groups()


def _from_parameters(path: str, given: Sequence[Mapping[str, Any]]) -> Cameras:
    flat, count = [], len(given)
    for index, camera in enumerate(given):
        name = next((name for name in MATRICES if name in camera), None)
        if name is None:
            raise AnnotationError(
                f'{path}: cam_param of sample {index} has no in_mat, nor {", ".join(MATRICES[1:])}.'
            )
        flat.append(np.ravel(np.asarray(camera[name]).tolist()))  # arrays of objects too
    matrices = column(path, 'cam_param.in_mat', flat, count, (3, 3), finite=True)
    extras = {
        name: column(path, f'cam_param.{name}', [np.ravel(c[name]) for c in given], count, shape)
        for name, shape in EXTRINSICS.items()
        if all(name in camera for camera in given)
    }
    distortion = np.array([[c.get(name, 0.0) for name in _DISTORTION] for c in given])
    if distortion.any():
        extras['distortion'] = distortion
    size = None
    if all('W' in camera and 'H' in camera for camera in given):
        size = np.array([[camera['W'], camera['H']] for camera in given], float)
    focal, center = matrices[:, [0, 1], [0, 1]], matrices[:, :2, 2]
    cameras = _check_focal(path, Cameras(focal, center, size, extras))
    last = np.abs(matrices[:, 2] - [0, 0, 1]).max(1) < 1e-6
    check_rows(path, 'last row of cam_param.in_mat', matrices[:, 2], last, '0, 0, 1 (K, not K^T)')
    return cameras


def _check_focal(path: str, cameras: Cameras) -> Cameras:
    bad = np.flatnonzero((cameras.focal < 1).any(1))
    if len(bad):
        raise AnnotationError(
            f'{path}: cam_param of {len(bad)} samples has a focal length below 1; the first is '
            f'sample {bad[0]}: {cameras.focal[bad[0]].tolist()}. Expected pixels.'
        )
    return cameras


def project(points: np.ndarray, focal: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Pixels of points in the frame of the camera.

    Unlike `mroi_plugin.cameras.project_points` with a focal length per axis, which annotated
    cameras have.

    Args:
        points: (N, K, 3) meters.
        focal: (N, 2) pixels.
        center: (N, 2) pixels.

    Returns:
        (N, K, 2) pixels, NaN behind the camera.
    """
    depth = np.where(points[..., 2:] > 1e-3, points[..., 2:], np.nan)
    return points[..., :2] / depth * focal[:, None] + center[:, None]
