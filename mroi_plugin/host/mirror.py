"""Empty mmengine registries of scope `mmhuman3d` that fill when first asked."""

from __future__ import annotations

from mmengine.registry import DATASETS, MODELS, TRANSFORMS, Registry

SCOPE = 'mmhuman3d'
FILLED_BY = ['mroi_plugin.host.registries']

HOST_MODELS = Registry('model', parent=MODELS, scope=SCOPE, locations=FILLED_BY)
HOST_DATASETS = Registry('dataset', parent=DATASETS, scope=SCOPE, locations=FILLED_BY)
HOST_TRANSFORMS = Registry('transform', parent=TRANSFORMS, scope=SCOPE, locations=FILLED_BY)

MIRRORS = {
    'BACKBONES': HOST_MODELS,
    'NECKS': HOST_MODELS,
    'HEADS': HOST_MODELS,
    'LOSSES': HOST_MODELS,
    'ARCHITECTURES': HOST_MODELS,
    'BODY_MODELS': HOST_MODELS,
    'DISCRIMINATORS': HOST_MODELS,
    'REGISTRANTS': HOST_MODELS,
    'DATASETS': HOST_DATASETS,
    'PIPELINES': HOST_TRANSFORMS,
}
"""Where the entries of each mmhuman3d registry appear."""
