"""What every GPU gets: an optimizer in one kernel, which learns what the plain one does."""

from __future__ import annotations

import pytest
import torch
from versions import needs_fused_on_cpu

from mroi_plugin.engine.acceleration import fuse_optimizers
from mroi_plugin.engine.config import load_config


@pytest.fixture
def cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)


def test_optimizers_are_fused_where_there_is_cuda(cuda):
    cfg = load_config('mroi_resnet50')
    fuse_optimizers(cfg)
    assert cfg.optim_wrapper.optimizer.fused is True
    both = load_config('hmr_adversarial_synthetic')
    fuse_optimizers(both)
    found = [
        wrapper.optimizer.fused for wrapper in both.optim_wrapper.values() if 'optimizer' in wrapper
    ]
    assert found == [True, True]


def test_what_the_config_says_stays(cuda):
    for option in ('fused=False', 'foreach=True'):
        cfg = load_config('mroi_resnet50', options=[f'optim_wrapper.optimizer.{option}'])
        before = cfg.optim_wrapper.to_dict()
        fuse_optimizers(cfg)
        assert cfg.optim_wrapper.to_dict() == before
    sharded = load_config('mroi_vitpose_huge')
    fuse_optimizers(sharded)
    assert 'fused' not in sharded.optim_wrapper.optimizer


def test_without_cuda_nothing_changes():
    cfg = load_config('mroi_resnet50')
    fuse_optimizers(cfg)
    assert torch.cuda.is_available() or 'fused' not in cfg.optim_wrapper.optimizer


@needs_fused_on_cpu
@pytest.mark.parametrize('kind', ['SGD', 'Adam', 'AdamW'])
def test_the_fused_optimizer_takes_the_same_steps(kind):
    weights = {}
    for fused in (False, True):
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Linear(30, 20), torch.nn.ReLU(), torch.nn.Linear(20, 5)
        )
        optimizer = getattr(torch.optim, kind)(model.parameters(), lr=1e-2, fused=fused)
        for _ in range(10):
            optimizer.zero_grad()
            model(torch.randn(16, 30)).square().mean().backward()
            optimizer.step()
        weights[fused] = [p.detach() for p in model.parameters()]
    for plain, fused in zip(weights[False], weights[True]):
        torch.testing.assert_close(plain, fused, rtol=1e-5, atol=1e-6)
