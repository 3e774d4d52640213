"""The backbone whose maps are kept, and what they are known by."""

from __future__ import annotations

import copy
import hashlib
import os
import os.path as osp
from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope
from torch import nn

from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.datasets.texts import Texts
from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.registry import MODELS, SCOPE

TRAINING = ('trainable', 'batch_norm', 'init_cfg')
"""Options of a backbone that its frozen stem does not depend on."""
SOURCE = ('variant', 'checkpoint')
"""Options that say where the weights of the stem are from, whose digest counts in their place."""


def cache_key(recipe: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    """What maps depend on: of two files with the same stem, they are the same."""
    if not hasattr(network, 'stem_digest'):
        return recipe
    stem = {name: value for name, value in recipe['backbone'].items() if name not in SOURCE}
    return {**recipe, 'backbone': {**stem, 'weights': network.stem_digest()}}


def content_of(dataset: MultiRoIHumanDataset) -> dict[str, str]:
    """What tells that the data have changed: the checksums of the annotations, and size and time of
    change of every image file, which is not read."""
    images, names = hashlib.sha256(), np.unique(dataset.annotations.image_paths.encoded)
    for name in Texts(names):
        images.update(repr(_state(osp.join(dataset.image_dir, name))).encode())
    return {'annotations': dataset.annotations.index.digest, 'images': images.hexdigest()}


def _state(path: str) -> tuple[int, int] | None:
    """Size in bytes and time of change in ns; None where there is no such file, as in a bucket."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


@torch.inference_mode()
def starting_network(backbone: dict[str, Any]) -> nn.Module:
    """The backbone with the weights that it starts from, after a look at its stem where they are
    not those that the maps are of."""
    with DefaultScope.overwrite_default_scope(SCOPE), checkpoints_read_safely():
        network = MODELS.build(dict(backbone)).eval().to(memory_format=torch.channels_last)
        if not backbone.get('init_cfg'):
            return network
        stored = copy.deepcopy(network)
        network.init_weights()
    crops = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    if not all(map(torch.equal, network.stem(crops), stored.stem(crops))):
        raise ValueError(
            f'CachedMapsDataset: the weights of {backbone.get("init_cfg")} have another stem than '
            'the backbone that the maps are of: train its rest alone, or cache no maps.'
        )
    return network
