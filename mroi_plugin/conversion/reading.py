"""State dicts of foreign checkpoints, read without executing anything in them."""

from __future__ import annotations

import os.path as osp

import torch
from torch import Tensor

WRAPPERS = ('state_dict', 'model', 'network', 'model_state_dict')
"""Entries under which training scripts keep the state dict."""


def read_foreign(path: str) -> dict[str, Tensor]:
    """Tensors of a checkpoint by name, without ``module.`` of data-parallel training.

    Args:
        path: file written by ``torch.save``.

    Raises:
        FileNotFoundError: if it is missing.
        ValueError: if it cannot be read as tensors alone, or holds none.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: no such checkpoint.')
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:
        raise ValueError(
            f'{path} is no checkpoint of tensors alone ({type(error).__name__}: {error}). Nothing '
            'else is read: a pickle can run code. Save its state dict anew where it comes from.'
        ) from error
    for name in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    tensors = {
        key[len('module.') :] if key.startswith('module.') else key: value
        for key, value in (content.items() if isinstance(content, dict) else ())
        if isinstance(value, Tensor)
    }
    if not tensors:
        raise ValueError(f'{path} holds no tensors; expected a state dict.')
    return tensors
