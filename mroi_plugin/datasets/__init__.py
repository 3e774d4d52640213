"""Samples: from annotation files and images to batches of RoIs."""

from mroi_plugin.datasets.adversarial import AdversarialHumanDataset
from mroi_plugin.datasets.cached_maps import CachedMapsDataset
from mroi_plugin.datasets.human_data import ConcatHumanDataset, MultiRoIHumanDataset
from mroi_plugin.datasets.samplers.multi_dataset_sampler import MultiDatasetSampler
from mroi_plugin.datasets.transforms.augmentation import RandomChannelNoise, RandomFlipRotateScale
from mroi_plugin.datasets.transforms.formatting import PackMultiRoIInputs
from mroi_plugin.datasets.transforms.loading import LoadImage
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop

__all__ = [
    'AdversarialHumanDataset',
    'CachedMapsDataset',
    'ConcatHumanDataset',
    'LoadImage',
    'MultiDatasetSampler',
    'MultiRoICrop',
    'MultiRoIHumanDataset',
    'PackMultiRoIInputs',
    'RandomChannelNoise',
    'RandomFlipRotateScale',
]
