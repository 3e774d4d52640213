"""Using a trained model on photos and videos."""

from mroi_plugin.inference.results import ImageResult, PersonResult

__all__ = ['ImageResult', 'PersonResult']
