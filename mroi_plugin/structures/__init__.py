"""Results of inference and their files; see docs/results_schema.md."""

from mroi_plugin.structures.results import ImageResult, InstanceResult

__all__ = [
    'ImageResult',
    'InstanceResult',
]
