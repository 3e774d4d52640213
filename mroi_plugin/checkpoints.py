"""Reading checkpoints safely and refusing those that do not fit."""

from __future__ import annotations

import os.path as osp
from typing import Any

import torch
from torch import nn

from mroi_plugin.host import allow_engine_checkpoints


class CheckpointMismatchError(ValueError):
    """A checkpoint of another network."""


def read_checkpoint(path: str) -> dict[str, Any]:
    """Read a checkpoint onto the CPU without executing anything in it.

    Args:
        path: file written by mmengine, or a plain state dict.

    Returns:
        A dictionary with at least ``state_dict``.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it is no checkpoint.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'{path}: no such checkpoint; train one with tools/train.py, or give the path of '
            'another.'
        )
    allow_engine_checkpoints()
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:
        raise ValueError(
            f'{path} is no readable checkpoint ({type(error).__name__}: {error}).'
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, expected a dictionary of tensors.'
        )
    return content if 'state_dict' in content else {'state_dict': content}


def check_checkpoint(model: nn.Module, path: str) -> None:
    """Refuse a checkpoint whose parameters are not those of the model.

    Raises:
        CheckpointMismatchError: naming the first wrong, missing and unexpected parameter, and the
            numbers of RoIs if they differ.
    """
    have = read_checkpoint(path)['state_dict']
    have = {key[7:] if key.startswith('module.') else key: value for key, value in have.items()}
    want = model.state_dict()
    problems = []
    for key in sorted(want.keys() & have.keys()):
        if want[key].shape != have[key].shape:
            problems.append(f'{key} is {tuple(have[key].shape)}, expected {tuple(want[key].shape)}')
            break
    missing, unexpected = sorted(want.keys() - have.keys()), sorted(have.keys() - want.keys())
    if missing:
        problems.append(f'{len(missing)} parameters are missing, first {missing[0]}')
    if unexpected:
        problems.append(f'{len(unexpected)} are not of this model, first {unexpected[0]}')
    if problems:
        raise CheckpointMismatchError(
            f'{path} does not fit the model of the config{_roi_counts(model, path)}: '
            f'{"; ".join(problems)}. Use the config it was trained with.'
        )


def _roi_counts(model: nn.Module, path: str) -> str:
    """A clause on the numbers of RoIs, where model and checkpoint were built for different ones."""
    built = getattr(getattr(model, 'head', None), 'num_rois', None)
    text = read_checkpoint(path).get('meta', {}).get('cfg', '')
    trained = _num_rois_in(text) if isinstance(text, str) else None
    if None in (built, trained) or built == trained:
        return ''
    return f' (trained with num_rois={trained}, config has num_rois={built})'


def _num_rois_in(config_text: str) -> int | None:
    """``model.head.num_rois`` of the config text that mmengine stores in a checkpoint."""
    from mmengine.config import Config

    try:
        return Config.fromstring(config_text, '.py').model.head.num_rois
    except (AttributeError, SyntaxError, KeyError):
        return None
