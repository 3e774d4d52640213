"""Registries of the plugin: mmengine scope `mroi`, and the way into mmhuman3d's registries.

Components are imported when a registry is first asked for one, so importing this module costs
little.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mmengine import registry as engine
from mmengine.registry import Registry

from mroi_plugin.host.pending import enter_host

SCOPE = 'mroi'
T = TypeVar('T')

MODELS = Registry(
    'model',
    parent=engine.MODELS,
    scope=SCOPE,
    locations=['mroi_plugin.models', 'mroi_plugin.body_models', 'mroi_plugin.host.estimators'],
)
DATASETS = Registry(
    'dataset', parent=engine.DATASETS, scope=SCOPE, locations=['mroi_plugin.datasets']
)
TRANSFORMS = Registry(
    'transform', parent=engine.TRANSFORMS, scope=SCOPE, locations=['mroi_plugin.datasets']
)
METRICS = Registry(
    'metric', parent=engine.METRICS, scope=SCOPE, locations=['mroi_plugin.evaluation']
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=engine.OPTIM_WRAPPER_CONSTRUCTORS,
    scope=SCOPE,
    locations=['mroi_plugin.host.adversarial_optim'],
)
DATA_SAMPLERS = Registry(
    'data sampler', parent=engine.DATA_SAMPLERS, scope=SCOPE, locations=['mroi_plugin.datasets']
)
DETECTORS = Registry('detector', scope=SCOPE, locations=['mroi_plugin.inference.detectors'])
LOOPS = Registry('loop', parent=engine.LOOPS, scope=SCOPE, locations=['mroi_plugin.datasets'])
STRATEGIES = Registry(
    'strategy',
    parent=engine.STRATEGIES,
    scope=SCOPE,
    locations=['mroi_plugin.distribution'],
)
HOOKS = Registry(
    'hook',
    parent=engine.HOOKS,
    scope=SCOPE,
    locations=[
        'mroi_plugin.datasets',
        'mroi_plugin.distribution',
        'mroi_plugin.reliability',
        'mroi_plugin.visualization.pictures_hook',
    ],
)

OTHERS = [
    Registry(root.name, parent=root, scope=SCOPE)
    for root in vars(engine).values()
    if isinstance(root, Registry) and SCOPE not in root.children
]
"""Kinds that the plugin adds nothing to; mmengine warns about a scope that lacks them."""


def register(registry: Registry, host: str | None = None) -> Callable[[T], T]:
    """Decorator that enters a component in one of our registries and in mmhuman3d's of its kind.

    Args:
        registry: one of this module's registries.
        host: name of mmhuman3d's registry (``BACKBONES``, ``HEADS``, ``LOSSES``, ``ARCHITECTURES``,
            ...), or None where the host has no such kind. The entry is made when that registry is
            loaded.

    Raises:
        KeyError: if the name is taken in either registry.
        ValueError: if mmhuman3d has no registry ``host``.
    """

    def enter(component: T) -> T:
        if host is not None:
            enter_host(host, component)
        registry.register_module(module=component)
        return component

    return enter
