"""The free body: SMPL's format without SMPL's license (see assets/README.md)."""

from __future__ import annotations

import math
import os
import pickle
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Callable

import numpy as np

from mroi_plugin.utils.atomic_files import atomic_file

ASSET = Path(__file__).resolve().parents[2] / 'assets' / 'free_body.npz'
REGRESSORS = {'J_regressor': 24, 'J_regressor_h36m': 17, 'J_regressor_extra': 9}
NUM_VERTICES, NUM_POSE_FEATURES = 6890, 207
ROOT_PARENT = 2**32 - 1  # as in the official files


@lru_cache(maxsize=1)
def _load() -> dict[str, np.ndarray]:
    with np.load(ASSET, allow_pickle=False) as asset:
        packed = dict(asset)
    body = {
        'v_template': packed['v_template'].astype(np.float32),
        'f': packed['f'].astype(np.int64),
        'shapedirs': packed['shapedirs'].astype(np.float32),
        'posedirs': _expand_posedirs(packed),
        'weights': _expand_weights(packed),
        'kintree_table': np.where(
            packed['kintree_table'] < 0, ROOT_PARENT, packed['kintree_table']
        ),
    }
    for name, rows in REGRESSORS.items():
        body[name] = np.zeros((rows, NUM_VERTICES), np.float32)
        body[name][packed[f'{name}_row'], packed[f'{name}_col']] = packed[f'{name}_val']
    for array in body.values():
        array.setflags(write=False)
    return body


def _expand_weights(packed: dict[str, np.ndarray]) -> np.ndarray:
    values = packed['weights_value'].astype(np.float32)
    weights = np.zeros((NUM_VERTICES, 24), np.float32)
    np.add.at(weights, (np.arange(NUM_VERTICES)[:, None], packed['weights_index']), values)
    return weights / weights.sum(1, keepdims=True)


def _expand_posedirs(packed: dict[str, np.ndarray]) -> np.ndarray:
    posedirs = np.zeros((NUM_VERTICES, 3, NUM_POSE_FEATURES), np.float32)
    posedirs[packed['posedirs_vertex'], :, packed['posedirs_column']] = packed['posedirs_value']
    return posedirs


def load_free_body() -> dict[str, np.ndarray]:
    """The free body as dense arrays with SMPL's names; meters, y up, facing +z.

    Returns:
        ``v_template`` (6890, 3), ``f`` (13776, 3), ``shapedirs`` (6890, 3, 10) per standard
        deviation, ``posedirs`` (6890, 3, 207), ``J_regressor`` (24, 6890), ``weights`` (6890, 24),
        ``kintree_table`` (2, 24), ``J_regressor_h36m`` (17, 6890) and ``J_regressor_extra`` (9,
        6890).
    """
    return dict(_load())


def free_mean_params() -> dict[str, np.ndarray]:
    """Mean parameters in SPIN's format: upright, arms lowered, facing the camera, mean shape.

    Returns:
        ``pose`` (144) 6D rotations, ``R[:, :2]`` of each joint row by row; ``shape`` (10); ``cam``
        (3).
    """
    lowered = math.radians(55)
    c, s = math.cos(lowered), math.sin(lowered)
    rotations = np.tile(np.eye(3), (24, 1, 1))
    rotations[0] = np.diag([1.0, -1.0, -1.0])  # y up to y down: upright and facing the camera
    rotations[16, :2, :2] = [[c, s], [-s, c]]  # left shoulder, about z
    rotations[17, :2, :2] = [[c, -s], [s, c]]  # right shoulder
    pose = rotations[:, :, :2].reshape(-1).astype(np.float32)
    return {
        'pose': pose,
        'shape': np.zeros(10, np.float32),
        'cam': np.array([0.9, 0, 0], np.float32),
    }


def export_free_body(directory: str | os.PathLike) -> Path:
    """Write the free body as a folder that smplx and mmhuman3d read like the licensed one.

    ``SMPL_NEUTRAL.pkl``, ``SMPL_MALE.pkl`` and ``SMPL_FEMALE.pkl`` hold the same, plain numpy body;
    beside them lie ``J_regressor_h36m.npy``, ``J_regressor_extra.npy`` and
    ``smpl_mean_params.npz``. Files that exist are left alone; new ones appear complete or not at
    all.

    Args:
        directory: where to write.

    Returns:
        The directory.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    body = load_free_body()
    model = {
        name: body[name] for name in body if name not in ('J_regressor_h36m', 'J_regressor_extra')
    }
    for gender in ('NEUTRAL', 'MALE', 'FEMALE'):
        _write_once(folder / f'SMPL_{gender}.pkl', lambda f: pickle.dump(model, f, protocol=2))
    for name in ('J_regressor_h36m', 'J_regressor_extra'):
        _write_once(folder / f'{name}.npy', lambda f, name=name: np.save(f, body[name]))
    _write_once(folder / 'smpl_mean_params.npz', lambda f: np.savez(f, **free_mean_params()))
    return folder


def _write_once(path: Path, write: Callable[[BinaryIO], None]) -> None:
    if path.exists():
        return
    with atomic_file(path) as part, open(part, 'wb') as file:
        write(file)
