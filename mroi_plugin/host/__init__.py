"""The only part of the plugin that knows mmhuman3d's own registries and mmcv 1.x."""

from mroi_plugin.host.checkpoints import allow_engine_checkpoints
from mroi_plugin.host.compat import load_host


def prepare() -> None:
    """What a run of the mmengine Runner needs beforehand: host components and safe checkpoints."""
    allow_engine_checkpoints()


__all__ = ['allow_engine_checkpoints', 'load_host', 'prepare']
