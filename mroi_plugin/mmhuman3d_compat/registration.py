"""Our entries in mmhuman3d's registries, made once a registry there is imported."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

REGISTRY = 'mroi_plugin.registry'
"""Imported when it is needed: mmengine and torch come with it."""


def enter_components() -> None:
    """Enter all our components in those of mmhuman3d's registries that are imported.

    Raises:
        KeyError: if one of them has another component of the same name.
    """
    if 'mmhuman3d' not in sys.modules:
        return
    registry = import_module(REGISTRY)
    if all(_imported_registry(kind) is None for kind in registry.MMHUMAN3D_REGISTRIES):
        return
    for module in registry.MMHUMAN3D_COMPONENTS:
        import_module(module)
    registry.on_new_entry(_enter_waiting)
    _enter_waiting()


def _imported_registry(kind: str) -> Any:
    module = import_module(REGISTRY).MMHUMAN3D_REGISTRIES[kind]
    return getattr(sys.modules.get(module), kind, None)


def _enter_waiting() -> None:
    waiting = import_module(REGISTRY).waiting_entries
    for entry in list(waiting):
        if _imported_registry(entry[0]) is not None:
            _enter(*entry)
            waiting.remove(entry)


def _enter(kind: str, component: Any) -> None:
    registry, name = _imported_registry(kind), component.__name__
    taken = registry.module_dict.get(name, component)
    if taken is not component:
        raise KeyError(
            f"mmhuman3d's registry {kind} has {name!r} of {taken.__module__} already; give that of "
            f'{component.__module__} another name.'
        )
    registry.register_module(name=name, module=component, force=True)
