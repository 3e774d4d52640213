"""Weights of the method's authors, of CLIFF's and of 2D-pose networks, as weights of ours."""

from mroi_plugin.conversion.convert import ConversionError, Report, convert_state
from mroi_plugin.conversion.sources import SOURCES, detect_source

__all__ = ['SOURCES', 'ConversionError', 'Report', 'convert_state', 'detect_source']
