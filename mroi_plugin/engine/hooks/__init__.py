"""Hooks of mmengine's runners."""

from mroi_plugin.engine.hooks.atomic_checkpoint_hook import AtomicCheckpointHook
from mroi_plugin.engine.hooks.check_invalid_loss_hook import CheckInvalidLossHook
from mroi_plugin.engine.hooks.epoch_seed_hook import EpochSeedHook
from mroi_plugin.engine.hooks.gradient_report_hook import GradientReportHook
from mroi_plugin.engine.hooks.mean_statistics_hook import MeanStatisticsHook
from mroi_plugin.engine.hooks.mesh_visualization_hook import MeshVisualizationHook
from mroi_plugin.engine.hooks.missed_validation_hook import MissedValidationHook
from mroi_plugin.engine.hooks.resumed_schedule_hook import ResumedScheduleHook
from mroi_plugin.engine.hooks.skipped_samples_hook import SkippedSamplesHook

__all__ = [
    'AtomicCheckpointHook',
    'CheckInvalidLossHook',
    'EpochSeedHook',
    'GradientReportHook',
    'MeanStatisticsHook',
    'MeshVisualizationHook',
    'MissedValidationHook',
    'ResumedScheduleHook',
    'SkippedSamplesHook',
]
