"""The only part of the plugin that knows mmhuman3d's own registries and mmcv 1.x."""

from types import ModuleType

from mroi_plugin.host.checkpoints import allow_engine_checkpoints, read_safely
from mroi_plugin.host.compat import load_host
from mroi_plugin.host.finder import install_finder
from mroi_plugin.host.pending import enter_components
from mroi_plugin.host.registries import announce_scope
from mroi_plugin.host.safe_loading import make_loaded_readers_safe


def connect(registry: ModuleType) -> None:
    """Join mmengine and mmhuman3d, each of which may be imported before or after.

    mmengine gets the scopes `mroi` and `mmhuman3d`, mmhuman3d gets our components; it is not loaded
    by this.

    Args:
        registry: the module of our mmengine registries.

    Raises:
        KeyError: if mmhuman3d has another component of the name of one of ours.
    """
    announce_scope(registry.SCOPE, registry)
    install_finder()
    enter_components()


def prepare() -> None:
    """What a run of the mmengine Runner needs beforehand: safe reading of all checkpoints."""
    import mmengine.runner.checkpoint  # noqa: F401  (one of the readers)

    allow_engine_checkpoints()
    make_loaded_readers_safe()


__all__ = ['allow_engine_checkpoints', 'connect', 'load_host', 'prepare', 'read_safely']
