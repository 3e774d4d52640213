"""Training, testing and inference as functions."""

from mroi_plugin.apis.inferencer import Inferencer
from mroi_plugin.apis.test import test
from mroi_plugin.apis.train import train

__all__ = ['Inferencer', 'test', 'train']
