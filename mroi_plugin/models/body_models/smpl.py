"""mmhuman3d's SMPL from the licensed files where they lie, from the free body where that is
allowed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os.path as osp
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.mmhuman3d_compat.loading import host_module
from mroi_plugin.models.body_models.array_checks import (
    GET_AGAIN,
    MEAN_SIZES,
    check_array,
    read_arrays,
)
from mroi_plugin.models.body_models.free_body import free_mean_params, load_free_body
from mroi_plugin.models.body_models.kinematic_tree import use_known_parents
from mroi_plugin.models.body_models.official import load_smpl_file
from mroi_plugin.registry import MODELS, register

MODEL_PATH = 'data/body_models/smpl'
BODY_GENDERS = ('neutral', 'male', 'female')
REGRESSOR_NAMES = {'J_regressor_extra': 9, 'J_regressor_h36m': 17}
"""Joints that mmhuman3d adds to SMPL's, by the file that regresses them."""
GET_SMPL = (
    'SMPL is licensed: register at its web site and put the file there, or set free_body=True to '
    'use the free body.'
)


def _find(model_path: str, *names: str) -> str | None:
    """First of ``names`` that lies in ``model_path`` or, as mmhuman3d lays it out, the folder
    above."""
    for folder in (model_path, osp.dirname(osp.normpath(model_path))):
        for name in names:
            if osp.isfile(osp.join(folder, name)):
                return osp.join(folder, name)
    return None


def _model_names(gender: str) -> tuple[str, ...]:
    return tuple(f'SMPL_{gender.upper()}.{ending}' for ending in ('pkl', 'npz'))


def licensed_files(
    model_path: str = MODEL_PATH,
    purpose: str = 'body_model',
    genders: Sequence[str] = ('neutral',),
) -> list[str]:
    """Licensed files that a config needs, found or not.

    Args:
        model_path: folder of the SMPL model files.
        purpose: ``body_model``, or ``mean_params`` for the mean parameters alone.
        genders: bodies that are needed.
    """
    above = osp.dirname(osp.normpath(model_path))
    if purpose == 'mean_params':
        wanted = {'smpl_mean_params.npz': osp.join(above, 'smpl_mean_params.npz')}
    else:
        wanted = {f'{name}.npy': osp.join(above, f'{name}.npy') for name in REGRESSOR_NAMES}
    files = [_find(model_path, name) or default for name, default in wanted.items()]
    for names in map(_model_names, genders if purpose == 'body_model' else ()):
        files.append(_find(model_path, *names) or osp.join(model_path, names[0]))
    return files


def load_body_arrays(
    model_path: str = MODEL_PATH, gender: str = 'neutral', free_body: bool = False
) -> dict[str, np.ndarray]:
    """Arrays of the body that `SMPLBody` builds with the same options, named as in
    `load_free_body`.

    Raises:
        FileNotFoundError: if a licensed file is needed and missing.
    """
    path = _find(model_path, *_model_names(gender))
    licensed = any(_find(model_path, *_model_names(g)) for g in BODY_GENDERS)
    if free_body and not licensed:  # never the free body beside the licensed one of another gender
        return load_free_body()
    if path is None:
        names = ' or '.join(_model_names(gender))
        raise FileNotFoundError(f'{model_path} (model_path of SMPLBody) has no {names}. {GET_SMPL}')
    arrays = load_smpl_file(path)
    for name in REGRESSOR_NAMES:
        regressor = _find(model_path, f'{name}.npy')
        if regressor is None:
            raise FileNotFoundError(
                f'{name}.npy is neither in {model_path} (model_path of SMPLBody) nor above it: '
                "get it with mmhuman3d's body model files."
            )
        array = read_arrays(regressor, partial(np.load, regressor, allow_pickle=False))
        check_array(regressor, name, array, (REGRESSOR_NAMES[name], len(arrays['v_template'])))
        arrays[name] = array
    return arrays


@register(MODELS, mmhuman3d='BODY_MODELS')
def SMPLBody(
    model_path: str = MODEL_PATH,
    gender: str = 'neutral',
    free_body: bool = False,
    keypoint_src: str = 'smpl_54',
    keypoint_dst: str = 'smpl_54',
    **options: Any,
) -> nn.Module:
    """Build mmhuman3d's own ``SMPL``; no pickle is executed and nothing of it enters checkpoints.

    The module additionally has the buffer ``J_regressor_h36m`` (17, V).

    Args:
        model_path: folder of ``SMPL_NEUTRAL.pkl`` and the like; used whenever the file lies there.
        gender: ``neutral``, ``male`` or ``female``.
        free_body: use the free body, the same for every gender, where there is no licensed file.
        keypoint_src: convention of the joints that the body gives: 24 of SMPL, 21 vertices, 9
            extra.
        keypoint_dst: convention of the joints wanted.
        **options: further options of ``mmhuman3d.models.body_models.smpl.SMPL``.

    Raises:
        FileNotFoundError: if a licensed file is needed and missing.
        ValueError: if ``gender`` or a convention is unknown.
    """
    if gender not in BODY_GENDERS:
        raise ValueError(f'gender={gender!r}: expected one of {", ".join(BODY_GENDERS)}.')
    for convention in (keypoint_src, keypoint_dst):
        keypoint_names(convention)  # refuses an unknown one
    arrays = load_body_arrays(model_path, gender, free_body)
    body_class = host_module('mmhuman3d.models.body_models.smpl').SMPL
    parameters = ('betas', 'global_orient', 'body_pose', 'transl')
    options = {**{f'create_{name}': False for name in parameters}, **options}
    body = build_from_arrays(
        body_class,
        arrays,
        model_path=model_path,
        keypoint_src=keypoint_src,
        keypoint_dst=keypoint_dst,
        gender=gender,
        **options,
    )
    use_known_parents(body)
    return body


def build_from_arrays(
    body_class: type[nn.Module], arrays: dict[str, np.ndarray], **options: Any
) -> nn.Module:
    """A body of mmhuman3d from arrays in memory instead of its file.

    Args:
        body_class: ``SMPL`` of mmhuman3d or a class derived from it.
        arrays: as `load_body_arrays` gives them.
        **options: of the class.
    """
    from smplx.utils import Struct

    data = Struct(**{name: np.array(value) for name, value in arrays.items()})
    with contextlib.redirect_stdout(io.StringIO()):  # smplx prints its number of shape directions
        body = body_class(data_struct=data, **options)
    for name, buffer in (
        ('joints_regressor_extra', 'J_regressor_extra'),
        ('J_regressor_h36m',) * 2,
    ):
        body.register_buffer(name, torch.tensor(arrays[buffer], dtype=torch.float32))
    _keep_out_of_checkpoints(body)
    return body


def _keep_out_of_checkpoints(body: nn.Module) -> None:
    """A checkpoint holds what was learned; a licensed body must not travel in it."""
    for module in body.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            module.register_buffer(name, buffer, persistent=False)


def rest_pelvis(body: nn.Module, betas: np.ndarray) -> np.ndarray:
    """Pelvis of the unposed body, ``J0(beta) = r . (v + S beta)``, which SMPL turns about.

    Args:
        body: a built `SMPLBody`.
        betas: (n, 10).

    Returns:
        (n, 3) meters, float64.
    """
    regressor = body.J_regressor[0].double().cpu().numpy()
    directions = np.einsum('v,vcs->cs', regressor, body.shapedirs.double().cpu().numpy())
    mean = regressor @ body.v_template.double().cpu().numpy()
    return mean + np.asarray(betas)[:, : directions.shape[1]] @ directions.T


def body_digest(body: nn.Module | dict[str, np.ndarray]) -> str:
    """Fingerprint of a body: equal where SMPL parameters mean the same.

    Args:
        body: a built `SMPLBody`, or arrays with ``v_template`` (V, 3) and ``shapedirs`` (V, 3, S).
    """
    template, shapes = (
        (body['v_template'], body['shapedirs'])
        if isinstance(body, dict)
        else (body.v_template.cpu().numpy(), body.shapedirs.cpu().numpy())
    )
    digest = hashlib.sha256()
    for array in (template, shapes[..., :10]):
        digest.update(np.ascontiguousarray(array, np.float32).tobytes())
    return digest.hexdigest()[:12]


def _read_npz(path: str) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def load_mean_params(
    model_path: str = MODEL_PATH, free_body: bool = False
) -> dict[str, np.ndarray]:
    """Mean pose (144, SPIN's 6D), shape (10) and cam (3): the licensed body's where it lies, else
    the free one's.

    Raises:
        FileNotFoundError: if they are missing and the free body is not allowed.
    """
    path = _find(model_path, 'smpl_mean_params.npz')
    if free_body and (path is None or _find(model_path, *_model_names('neutral')) is None):
        return free_mean_params()
    if path is None:
        raise FileNotFoundError(
            f'smpl_mean_params.npz is neither in {model_path} (mean_params.model_path) nor above '
            f'it. {GET_SMPL}'
        )
    content = read_arrays(path, partial(_read_npz, path))
    means = {}
    for name, size in MEAN_SIZES.items():
        if name not in content:
            raise ValueError(f'{path} lacks {name}: expected pose, shape and cam. {GET_AGAIN}')
        means[name] = np.asarray(content[name], np.float32).reshape(-1)
        check_array(path, name, means[name], (size,))
    return means
