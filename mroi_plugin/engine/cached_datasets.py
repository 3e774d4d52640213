"""Data sets of a config whose samples pass the frozen part of its backbone once."""

from __future__ import annotations

import copy

from mmengine.config import Config, ConfigDict

from mroi_plugin.datasets.transforms.multi_roi_crop import DEFAULT_SCALES
from mroi_plugin.engine.config_keys import loaders_of

PARTS = ('backbone', 'data_preprocessor', 'encoder')
"""Of the model, which a cache depends on."""


def wrap_cached(cfg: Config) -> None:
    """Put a `CachedMapsDataset` in the place of every data set of a config that has ``cached``.

    ``cached`` is a dictionary of its options. Backbone, encoder and preprocessor are the model's.
    All RoIs of the pipeline's crops are cached, of which ``num_rois`` are taken, so that configs
    that differ in that number alone share one cache.

    Args:
        cfg: changed in place.
    """
    for loader in loaders_of(cfg):
        options = loader.get('dataset', {}).get('cached')
        if options is None:
            continue
        dataset = ConfigDict(copy.deepcopy(loader.dataset.to_dict()))
        del dataset['cached']
        crop = dataset.pipeline.crop
        whole = 1 + len(crop.get('scales', DEFAULT_SCALES))
        taken = crop.get('num_rois') or whole
        crop.num_rois = max(taken, whole)
        parts = {name: copy.deepcopy(cfg.model[name]) for name in PARTS if name in cfg.model}
        rois = {'num_rois': taken} if taken < whole else {}
        loader.dataset = ConfigDict(
            type='CachedMapsDataset', dataset=dataset, **{**parts, **rois, **options}
        )
