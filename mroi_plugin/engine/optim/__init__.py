"""How parameters are optimized."""

from mroi_plugin.engine.optim.relative_rates import RelativeRates

__all__ = ['RelativeRates']
