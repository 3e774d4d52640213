"""Samples: from annotation files and photos to batches of RoIs."""

from mroi_plugin.datasets.adversarial import AdversarialHumanData
from mroi_plugin.datasets.augmentation import AugmentPerson, ChannelNoise
from mroi_plugin.datasets.epoch_hook import EpochSeedHook
from mroi_plugin.datasets.epoch_loop import ResumableEpochLoop
from mroi_plugin.datasets.errors import InvalidSampleError
from mroi_plugin.datasets.human_data import ConcatHumanData, MultiRoIHumanData
from mroi_plugin.datasets.loading import LoadPhoto
from mroi_plugin.datasets.mixing_sampler import MixingSampler
from mroi_plugin.datasets.multi_roi_crop import MultiRoICrop
from mroi_plugin.datasets.packing import PackMultiRoI

__all__ = [
    'AdversarialHumanData',
    'AugmentPerson',
    'ChannelNoise',
    'ConcatHumanData',
    'EpochSeedHook',
    'InvalidSampleError',
    'LoadPhoto',
    'MixingSampler',
    'MultiRoICrop',
    'MultiRoIHumanData',
    'PackMultiRoI',
    'ResumableEpochLoop',
]
