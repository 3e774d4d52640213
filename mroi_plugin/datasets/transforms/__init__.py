"""Steps of a pipeline: loading, augmentation, cropping, formatting."""

from mroi_plugin.datasets.transforms.augmentation import RandomChannelNoise, RandomFlipRotateScale
from mroi_plugin.datasets.transforms.formatting import PackMultiRoIInputs
from mroi_plugin.datasets.transforms.loading import LoadImage
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.datasets.transforms.truncation import RandomTruncation

__all__ = [
    'LoadImage',
    'MultiRoICrop',
    'PackMultiRoIInputs',
    'RandomChannelNoise',
    'RandomFlipRotateScale',
    'RandomTruncation',
]
