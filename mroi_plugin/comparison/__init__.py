"""Several methods on one test set, measured the same way."""

from mroi_plugin.comparison.compare import compare
from mroi_plugin.comparison.methods import Method, parse_methods

__all__ = ['Method', 'compare', 'parse_methods']
