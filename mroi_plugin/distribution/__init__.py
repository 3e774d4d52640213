"""Training on several processes: how they are started, and how they share a large model."""

from mroi_plugin.distribution.fully_sharded import FullyShardedStrategy
from mroi_plugin.distribution.launch import LaunchError, prepare_launch
from mroi_plugin.distribution.statistics_hook import MeanStatisticsHook

__all__ = ['FullyShardedStrategy', 'LaunchError', 'MeanStatisticsHook', 'prepare_launch']
