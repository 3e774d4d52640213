"""Orders in which samples are drawn."""

from mroi_plugin.datasets.samplers.multi_dataset_sampler import MultiDatasetSampler

__all__ = [
    'MultiDatasetSampler',
]
