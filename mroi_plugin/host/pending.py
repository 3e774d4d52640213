"""Our entries in mmhuman3d's registries: made where a registry is loaded, kept until then
elsewhere."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

HOST_REGISTRIES = {
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

COMPONENTS = (
    'mroi_plugin.models',
    'mroi_plugin.body_models',
    'mroi_plugin.datasets',
    'mroi_plugin.host.hybrik_body',
    'mroi_plugin.host.stock_runner',
)
"""Our modules that hold components with a place in mmhuman3d's registries."""

_waiting: list[tuple[str, Any]] = []


def enter_host(kind: str, component: Any) -> None:
    """Register a component with mmhuman3d, now or when its registry ``kind`` is loaded.

    Raises:
        ValueError: if the host has no registry of that name.
        KeyError: if that registry has another component of the same name.
    """
    if kind not in HOST_REGISTRIES:
        raise ValueError(f'host={kind!r}: expected one of {", ".join(HOST_REGISTRIES)}.')
    if _loaded_registry(kind) is None:
        _waiting.append((kind, component))
    else:
        _enter(kind, component)


def enter_components() -> None:
    """Enter all our components in those of mmhuman3d's registries that are loaded.

    Raises:
        KeyError: if one of them has another component of the same name.
    """
    if all(_loaded_registry(kind) is None for kind in HOST_REGISTRIES):
        return
    for module in COMPONENTS:
        import_module(module)
    _enter_waiting()


def _loaded_registry(kind: str) -> Any:
    return getattr(sys.modules.get(HOST_REGISTRIES[kind]), kind, None)


def _enter_waiting() -> None:
    for entry in list(_waiting):
        if _loaded_registry(entry[0]) is not None:
            _enter(*entry)
            _waiting.remove(entry)


def _enter(kind: str, component: Any) -> None:
    registry, name = _loaded_registry(kind), component.__name__
    taken = registry.module_dict.get(name, component)
    if taken is not component:
        raise KeyError(
            f"mmhuman3d's registry {kind} has {name!r} of {taken.__module__} already; give that of "
            f'{component.__module__} another name.'
        )
    registry.register_module(name=name, module=component, force=True)
