"""One metric or several: every command takes both."""

from __future__ import annotations

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS
from tiny_training import CONFIG, write_config

from mroi_plugin.analysis.comparison.measure import measure
from mroi_plugin.analysis.comparison.methods import Method
from mroi_plugin.analysis.mean_body import evaluate_mean_body
from mroi_plugin.data_preparation.data_check.check import check_data
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.errors import UsageError

TWO = """
test_evaluator = [dict(type='mmengine.PersonCount', prefix='more'), {{_base_.test_evaluator}}]
"""


@METRICS.register_module()
class PersonCount(BaseMetric):
    """How many persons there were."""

    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return {'persons': len(results)}


@pytest.fixture
def several(in_workspace, tmp_path):
    text = CONFIG.replace('val_dataloader = val_cfg = val_evaluator = None', '')
    return write_config(tmp_path, text + TWO)


def test_data_are_checked_and_drawn(several, tmp_path):
    assert check_data(several, samples=2, images=1, num_show=1, out=str(tmp_path / 'out'))
    assert list((tmp_path / 'out').rglob('*.jpg'))


def test_the_mean_body_is_measured_by_the_metric_of_meshes(several):
    assert evaluate_mean_body(several)['mesh/mpjpe'] > 0
    with pytest.raises(UsageError, match='test_evaluator has no HumanMeshMetric'):
        evaluate_mean_body(several, ["test_evaluator=[dict(type='LandmarkMetric')]"])


def test_a_method_is_measured_by_all(several, tmp_path):
    model = MODELS.build(load_config(several).model)
    path = str(tmp_path / 'weights.pth')
    torch.save({'state_dict': model.state_dict()}, path)
    found = measure(Method(several, path), lambda *_: None)
    assert found['mesh/mpjpe'] > 0 and found['more/persons'] == found['mesh/frames']
