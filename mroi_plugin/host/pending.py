"""Entries for mmhuman3d's registries, made at once where it is loaded and kept until then
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

_waiting: list[tuple[str, Any]] = []


def enter_host(kind: str, component: Any) -> None:
    """Register a component with mmhuman3d, now or when it is loaded.

    Raises:
        ValueError: if the host has no registry of that name.
    """
    if kind not in HOST_REGISTRIES:
        raise ValueError(f'host={kind!r}: expected one of {", ".join(HOST_REGISTRIES)}.')
    _waiting.append((kind, component))
    if host_is_loaded():
        flush()


def host_is_loaded() -> bool:
    """Whether all modules that hold mmhuman3d's registries are imported."""
    return all(module in sys.modules for module in HOST_REGISTRIES.values())


def flush() -> None:
    """Make every waiting entry; mmhuman3d must be importable.

    Raises:
        KeyError: if mmhuman3d has a component of the same name.
    """
    while _waiting:
        kind, component = _waiting.pop(0)
        registry = getattr(import_module(HOST_REGISTRIES[kind]), kind)
        registry.register_module(module=component)
