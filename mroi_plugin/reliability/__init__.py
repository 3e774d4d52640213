"""Runs that are hard to break: whole files, named failures, steps that can be replayed."""

from mroi_plugin.reliability.checkpoint_hook import WholeCheckpointHook
from mroi_plugin.reliability.finite_loss import FiniteLossHook, NonFiniteLossError
from mroi_plugin.reliability.missed_validation import MissedValidationHook
from mroi_plugin.reliability.skipped_hook import SkippedSamplesHook

__all__ = [
    'FiniteLossHook',
    'MissedValidationHook',
    'NonFiniteLossError',
    'SkippedSamplesHook',
    'WholeCheckpointHook',
]
