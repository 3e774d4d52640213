"""Reading checkpoints safely and refusing those that do not fit."""

from __future__ import annotations

import os.path as osp
from typing import Any

from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mroi_plugin.models.backbones.conv_graph import PaddedConv2d
from mroi_plugin.models.layers.calibrated_batch_norm import CalibratedBatchNorm2d
from mroi_plugin.utils.config_text import read_setting
from mroi_plugin.utils.names import list_some
from mroi_plugin.utils.state_dicts import plain_names, read_content, unwrap_state_dict


class CheckpointMismatchError(ValueError):
    """A checkpoint of another network."""


def read_checkpoint(path: str) -> dict[str, Any]:
    """Read a checkpoint onto the CPU without executing anything in it.

    Args:
        path: file written by mmengine, or a plain state dict, of torch or safetensors.

    Returns:
        A dictionary with at least ``state_dict``.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it is no checkpoint.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'{path}: no such checkpoint; train one with mroi train, or give the path of '
            'another.'
        )
    try:
        content = read_content(path)
    except Exception as error:
        raise ValueError(
            f'{path} is no readable checkpoint ({type(error).__name__}: {_first_line(error)}): it '
            'is damaged, or asks for more than tensors and plain data, of which nothing is '
            'executed. Copy or download it again, or take another.'
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, expected a dictionary of tensors.'
        )
    content = unwrap_state_dict(content)
    _check_tensors(path, content['state_dict'])
    return content


def _check_tensors(path: str, state: Any) -> None:
    others = (
        [
            name if isinstance(name, str) else f'a name of type {type(name).__name__}'
            for name, value in state.items()
            if not (isinstance(name, str) and isinstance(value, Tensor))
        ]
        if isinstance(state, dict)
        else [type(state).__name__]
    )
    if others or not state:
        told = list_some(others, quoted=False) or 'nothing'
        raise ValueError(
            f'{path}: state_dict holds {told}, expected tensors by name; save model.state_dict() '
            'anew, or convert it with mroi convert-checkpoint.'
        )


def read_state_dict(path: str) -> dict[str, Tensor]:
    """Tensors of a checkpoint by the names that the model itself gives them.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it is no checkpoint, or two of its names come to be equal.
    """
    state = read_checkpoint(path)['state_dict']
    try:
        return plain_names(state)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None


def load_weights(model: nn.Module, path: str) -> None:
    """Load a checkpoint into a model that it fits exactly.

    Raises:
        FileNotFoundError: if the checkpoint is missing.
        CheckpointMismatchError: if it is of another network.
    """
    model.load_state_dict(check_checkpoint(model, path))


def bare_model(model: nn.Module) -> nn.Module:
    """The model itself where several ranks share it through a wrapper, or the model as it is."""
    return model.module if is_model_wrapper(model) else model


def check_checkpoint(model: nn.Module, path: str) -> dict[str, Tensor]:
    """Refuse a checkpoint whose parameters are not those of the model; returns its state dict.

    Raises:
        CheckpointMismatchError: naming the first wrong, missing and unexpected parameter, and the
            methods and numbers of RoIs if they differ.
        ValueError: if a weight is not finite.
    """
    have, want = read_state_dict(path), model.state_dict()
    problems = []
    for key in sorted(want.keys() & have.keys()):
        if want[key].shape != have[key].shape:
            problems.append(f'{key} is {tuple(have[key].shape)}, expected {tuple(want[key].shape)}')
            break
    missing = sorted(want.keys() - have.keys() - _biases_in_norms(model, have))
    moved = tuple(
        f'{name}.norm.' if module.norm is None else f'{name}.bias'
        for name, module in model.named_modules()
        if isinstance(module, PaddedConv2d)
    )
    unexpected = sorted(key for key in have.keys() - want.keys() if not key.startswith(moved))
    if missing:
        problems.append(f'{len(missing)} parameters are missing, first {missing[0]}')
    if unexpected:
        problems.append(f'{len(unexpected)} are not of this model, first {unexpected[0]}')
    if problems:
        raise CheckpointMismatchError(
            f'{path} does not fit the model of the config{_difference(model, path)}: '
            f'{"; ".join(problems)}. Use the config it was trained with.'
        )
    _check_finite(path, have)
    return have


def _biases_in_norms(model: nn.Module, have: dict[str, Tensor]) -> set[str]:
    """Biases of convolutions that a checkpoint has in the batch norms that follow them."""
    convs = [name for name, module in model.named_modules() if isinstance(module, PaddedConv2d)]
    return {f'{name}.bias' for name in convs if f'{name}.norm.bias' in have}


def _check_finite(path: str, state: dict[str, Tensor]) -> None:
    for name, value in state.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise ValueError(
                f'{path}: {name} is not finite in {int((~value.isfinite()).sum())} of '
                f'{value.numel()} weights: take another checkpoint.'
            )


def check_initial_weights(model: nn.Module) -> None:
    """Refuse a checkpoint of an ``init_cfg`` that is not of that part of the model: the engines
    skip what does not fit, and train from noise.

    Layers that it lacks are accepted up to half of them: 2D-pose networks have other heads.

    Raises:
        CheckpointMismatchError: naming part, checkpoint, and the first parameter that does not fit.
    """
    for part, module in model.named_modules():
        cfgs = getattr(module, 'init_cfg', None) or ()
        for cfg in [cfgs] if isinstance(cfgs, dict) else cfgs:
            if cfg.get('type') == 'Pretrained' and '://' not in cfg['checkpoint']:
                _check_part(part, module, cfg['checkpoint'], cfg.get('prefix') or '')


def _check_part(part: str, module: nn.Module, path: str, prefix: str) -> None:
    state, want = read_state_dict(path), module.state_dict()
    start = len(prefix) + (bool(prefix) and not prefix.endswith('.'))
    have = {name[start:]: value for name, value in state.items() if name.startswith(prefix)}
    weights = [name for name in want if not name.endswith('num_batches_tracked')]
    wrong = [name for name in weights if name in have and have[name].shape != want[name].shape]
    norms = [n for n, m in module.named_modules() if isinstance(m, CalibratedBatchNorm2d)]
    calibrated = tuple(f'{name}.' for name in norms)  # by the first batch, where none are stored
    known = have.keys() | _biases_in_norms(module, have)
    missing = [name for name in weights if name not in known and not name.startswith(calibrated)]
    if wrong or 2 * len(missing) > len(weights):
        name = (wrong or missing)[0]
        found = f'is {tuple(have[name].shape)}' if wrong else 'is missing'
        raise CheckpointMismatchError(
            f'{path} does not fit {part or "the model"}, whose init_cfg names it: '
            f'{len(wrong or missing)} of {len(weights)} parameters differ, first {prefix}{name}, '
            f'which {found}, expected {tuple(want[name].shape)}. Give weights of that network, or '
            'set prefix to what stands before its names; init_cfg=None starts from noise.'
        )


def _difference(model: nn.Module, path: str) -> str:
    """A clause on what the checkpoint was trained as and what the config has, where they differ."""
    meta = read_checkpoint(path).get('meta')
    text = meta.get('cfg') if isinstance(meta, dict) else None
    trained = _described_in(text) if isinstance(text, str) else {}
    has = _describe(model)
    differing = [key for key in has if trained.get(key) not in (None, has[key])]
    if not differing:
        return ''
    was = ', '.join(f'{key}={trained[key]}' for key in differing)
    now = ', '.join(f'{key}={has[key]}' for key in differing)
    return f' (trained with {was}, config has {now})'


def _describe(model: nn.Module) -> dict[str, Any]:
    """Method and number of RoIs of a model."""
    inner = getattr(model, 'architecture', model)
    rois = getattr(getattr(model, 'head', None), 'num_rois', None)
    named = {'method': type(inner).__name__, 'head': type(getattr(inner, 'head', None)).__name__}
    return {**named, **({} if rois is None else {'num_rois': rois})}


def _described_in(config_text: str) -> dict[str, Any]:
    """The same, from the config text that mmengine stores in a checkpoint, which is not run."""
    try:
        model = read_setting(config_text, 'model')
    except (KeyError, ValueError):
        return {}
    model = _dictionary(model)
    inner = _dictionary(model.get('architecture')) or model
    head = _dictionary(inner.get('head'))
    names = {'method': inner.get('type'), 'head': head.get('type')}
    found = {key: str(name).split('.')[-1] for key, name in names.items() if name}
    return {**found, **({'num_rois': head['num_rois']} if 'num_rois' in head else {})}


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first_line(error: Exception) -> str:
    return str(error).strip().split('\n')[0]
