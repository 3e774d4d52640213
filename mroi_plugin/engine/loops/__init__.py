"""Training loops."""

from mroi_plugin.engine.loops.resumable_epoch_loop import ResumableEpochLoop

__all__ = [
    'ResumableEpochLoop',
]
