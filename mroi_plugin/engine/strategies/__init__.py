"""Strategies that spread a model over processes."""

from mroi_plugin.engine.strategies.fully_sharded import FullyShardedStrategy

__all__ = [
    'FullyShardedStrategy',
]
