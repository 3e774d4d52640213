"""Mean parameters as the file that heads of mmhuman3d want to read."""

from __future__ import annotations

import copy
import os.path as osp
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

KEY = 'smpl_mean_params'
SHAPE_ONLY = ('HybrIKHead',)
"""Heads whose file is the mean shape (10) alone."""


@contextmanager
def head_with_mean_params(architecture: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The architecture with ``head.smpl_mean_params`` as a path, valid within the block.

    Options of `mroi_plugin.models.body_models.smpl.load_mean_params` in its place are written to a
    temporary file; a path stays as it is.

    Args:
        architecture: config of an architecture of mmhuman3d.
    """
    from mroi_plugin.models.body_models.smpl import load_mean_params

    plain = _plain(architecture)
    head = plain.get('head') or {}
    options = head.get(KEY)
    if not isinstance(options, Mapping):
        yield plain
        return
    params = load_mean_params(**options)
    with tempfile.TemporaryDirectory() as folder:
        if str(head.get('type')).split('.')[-1] in SHAPE_ONLY:
            head[KEY] = osp.join(folder, 'mean_shape.npy')
            np.save(head[KEY], params['shape'])
        else:
            head[KEY] = osp.join(folder, 'mean_params.npz')
            np.savez(head[KEY], **params)
        yield plain


def _plain(node: Any) -> Any:
    """A copy in plain dictionaries and lists: mmcv 1.x does not know mmengine's config classes."""
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(_plain(value) for value in node)
    return copy.deepcopy(node)
