"""How parameters are optimized."""

from mroi_plugin.engine.optim.bfloat16_optim_wrapper import BFloat16OptimWrapper
from mroi_plugin.engine.optim.relative_rates import RelativeRates

__all__ = ['BFloat16OptimWrapper', 'RelativeRates']
