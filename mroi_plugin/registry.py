"""Registries of the plugin: mmengine scope `mroi_plugin`, and the way into mmhuman3d's registries.

Components are imported when a registry is first asked for one, so importing this module costs
little. Entries for mmhuman3d wait here until it is imported (`mroi_plugin.mmhuman3d_compat`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from mmengine import registry as engine
from mmengine.registry import Registry
from mmengine.utils import digit_version

if digit_version(torch.__version__) < digit_version('1.13'):
    raise ImportError(
        f'mroi_plugin needs torch 1.13 or newer, and this is torch {torch.__version__}: make a '
        'newer environment (README.md, "Install").'
    )

SCOPE = 'mroi_plugin'
T = TypeVar('T')


def _registry(name: str, parent: Registry | None, *locations: str) -> Registry:
    modules = [f'{SCOPE}.{location}' for location in locations]
    return Registry(name, parent=parent, scope=SCOPE, locations=modules)


MODELS = _registry(
    'model', engine.MODELS, 'models', 'adapters', 'mmhuman3d_compat.mirrored_registries'
)
DATASETS = _registry('dataset', engine.DATASETS, 'datasets', 'mmhuman3d_compat.mirrored_registries')
TRANSFORMS = _registry(
    'transform', engine.TRANSFORMS, 'datasets.transforms', 'mmhuman3d_compat.mirrored_registries'
)
DATA_SAMPLERS = _registry('data sampler', engine.DATA_SAMPLERS, 'datasets.samplers')
METRICS = _registry('metric', engine.METRICS, 'evaluation.metrics')
HOOKS = _registry('hook', engine.HOOKS, 'engine.hooks')
LOOPS = _registry('loop', engine.LOOPS, 'engine.loops')
LOG_PROCESSORS = _registry('log processor', engine.LOG_PROCESSORS, 'engine.log_lines')
STRATEGIES = _registry('strategy', engine.STRATEGIES, 'engine.strategies')
OPTIM_WRAPPERS = _registry('optim_wrapper', engine.OPTIM_WRAPPERS, 'engine.optim')
OPTIM_WRAPPER_CONSTRUCTORS = _registry(
    'optimizer wrapper constructor', engine.OPTIM_WRAPPER_CONSTRUCTORS, 'adapters', 'engine.optim'
)
DETECTORS = _registry('detector', None, 'apis.detectors')

OTHERS = [
    Registry(root.name, parent=root, scope=SCOPE)
    for root in vars(engine).values()
    if isinstance(root, Registry) and SCOPE not in root.children
]
"""Kinds that the plugin adds nothing to; mmengine warns about a scope that lacks them."""

MMHUMAN3D_REGISTRIES = {
    'BACKBONES': 'mmhuman3d.models.backbones.builder',
    'NECKS': 'mmhuman3d.models.necks.builder',
    'HEADS': 'mmhuman3d.models.heads.builder',
    'LOSSES': 'mmhuman3d.models.losses.builder',
    'ARCHITECTURES': 'mmhuman3d.models.architectures.builder',
    'BODY_MODELS': 'mmhuman3d.models.body_models.builder',
    'DISCRIMINATORS': 'mmhuman3d.models.discriminators.builder',
    'REGISTRANTS': 'mmhuman3d.models.registrants.builder',
    'DATASETS': 'mmhuman3d.data.datasets.builder',
    'PIPELINES': 'mmhuman3d.data.datasets.builder',
}
"""Modules of mmhuman3d that hold its registries, by the registry's name there."""

MMHUMAN3D_COMPONENTS = tuple(
    f'{SCOPE}.{module}'
    for module in ('models', 'datasets', 'datasets.transforms', 'adapters', 'adapters.stock_runner')
)
"""Our modules that hold components with a place in mmhuman3d's registries."""

waiting_entries: list[tuple[str, Any]] = []
"""Registry name and component of the entries that mmhuman3d does not have yet."""
_listeners: list[Callable[[], None]] = []


def enter_mmhuman3d(kind: str, component: Any) -> None:
    """Enter a component in mmhuman3d's registry ``kind``, now or when that is imported.

    Raises:
        ValueError: if mmhuman3d has no registry of that name.
        KeyError: if that registry has another component of the same name.
    """
    if kind not in MMHUMAN3D_REGISTRIES:
        raise ValueError(f'mmhuman3d={kind!r}: expected one of {", ".join(MMHUMAN3D_REGISTRIES)}.')
    entry = (kind, component)
    waiting_entries.append(entry)
    try:
        for listener in _listeners:
            listener()
    except KeyError:
        waiting_entries.remove(entry)
        raise


def on_new_entry(listener: Callable[[], None]) -> None:
    """Call a function whenever an entry is added to `waiting_entries`."""
    if listener not in _listeners:
        _listeners.append(listener)


def register(registry: Registry, mmhuman3d: str | None = None) -> Callable[[T], T]:
    """Decorator that enters a component in one of our registries and in mmhuman3d's of its kind.

    Args:
        registry: one of this module's registries.
        mmhuman3d: name of mmhuman3d's registry (``BACKBONES``, ``HEADS``, ``LOSSES``,
            ``ARCHITECTURES``, ...), or None where mmhuman3d has no such kind. The entry is made
            when that registry is imported.

    Raises:
        KeyError: if the name is taken in either registry.
        ValueError: if mmhuman3d has no registry of that name.
    """

    def enter(component: T) -> T:
        if mmhuman3d is not None:
            enter_mmhuman3d(mmhuman3d, component)
        registry.register_module(module=component)
        return component

    return enter
