"""Size, arithmetic and speed of one method."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from versions import needs_torch_2

from mroi_plugin.analysis.comparison.measure import (
    count_flops,
    count_parameters,
    measure_speed,
    peak_memory_mib,
)
from mroi_plugin.engine.config import load_config
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_files import find_config


class Preprocessor(nn.Module):
    def forward(self, data, training=False):
        return {**data, 'img': data['img'].float()}


class Toy(nn.Module):
    """A convolution of known size."""

    def __init__(self):
        super().__init__()
        self.data_preprocessor = Preprocessor()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)

    def forward(self, img, mode, **batch):
        return {'pred_vertices': self.conv(img.flatten(0, 1))}

    def test_step(self, data):
        return self(**self.data_preprocessor(data), mode='tensor')


SOME = ('cliff_synthetic', 'host_cliff_synthetic', 'hybrik_synthetic', 'mroi_synthetic')
BATCH = {'img': torch.zeros(1, 5, 3, 16, 16, dtype=torch.uint8)}


def test_flops_are_multiply_adds():
    assert count_flops(Toy(), BATCH) == 5 * 16 * 16 * 8 * 3 * 9


def test_parameters_leave_out_bodies_and_discriminators(repo):
    def count(name):
        cfg = load_config(find_config(name), 'unused')
        return count_parameters(MODELS.build(cfg.model))

    assert count_parameters(Toy()) == 8 * 3 * 9
    assert count('hmr_adversarial_synthetic') == count('hmr_synthetic') > 4_000_000


def test_speed_is_persons_per_second():
    assert measure_speed(Toy().eval(), BATCH) > 1


@needs_torch_2
@pytest.mark.parametrize('name', SOME)
def test_flops_agree_with_torch(name, repo, in_workspace):
    """mmengine traces, torch counts while it runs; the body's blend shapes differ in form."""
    from torch.utils.data import DataLoader
    from torch.utils.flop_counter import FlopCounterMode

    from mroi_plugin.registry import DATASETS

    cfg = load_config(find_config(name), 'unused')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    batch = next(iter(DataLoader(DATASETS.build(cfg.test_dataloader.dataset), batch_size=1)))
    given = model.data_preprocessor(dict(batch))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(**given, mode='tensor')
    assert count_flops(model, batch) == pytest.approx(counter.get_total_flops() / 2, rel=0.1)


def test_peak_memory_grows_with_what_is_held():
    before = peak_memory_mib()
    held = torch.ones(int(before) + 200, 2**18)  # one MiB per row
    assert peak_memory_mib() > before + 150
    del held
