"""Using a trained model on photos and videos."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mroi_plugin.inference.inferencer import MultiRoIInferencer
    from mroi_plugin.inference.results import ImageResult, PersonResult

__all__ = ['ImageResult', 'MultiRoIInferencer', 'PersonResult']


def __getattr__(name: str) -> Any:
    """Imported when asked for: torch, mmengine and mmhuman3d come with them."""
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    module = 'inferencer' if name == 'MultiRoIInferencer' else 'results'
    return getattr(import_module(f'mroi_plugin.inference.{module}'), name)
