"""Blocks that are computed again change no number and need less memory."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from torch import nn
from versions import needs_torch_2

from mroi_plugin.models.backbones.recomputation import recompute_blocks
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_files import find_config

pytestmark = needs_torch_2


def build(name: str, recompute: bool) -> nn.Module:
    cfg = Config.fromfile(find_config(name)).model
    cfg.body_model.free_body = cfg.head.mean_params.free_body = True
    cfg.backbone.init_cfg = None
    cfg.recompute = recompute
    torch.manual_seed(0)
    return MODELS.build(cfg).train()


def run(model: nn.Module) -> tuple[torch.Tensor, int]:
    """Features of four crops after a backward pass, and the bytes that were kept for it."""
    torch.manual_seed(1)
    crops, kept = torch.randn(2, 2, 3, 64, 64), {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        features = model.encode(crops, {})
    features.square().mean().backward()
    return features.detach(), sum(kept.values())


@pytest.mark.parametrize('name', ['mroi_synthetic', 'mroi_resnet50', 'mroi_hrnet48'])
def test_same_numbers_with_less_memory(name):
    plain, again = build(name, False), build(name, True)
    (features, bytes_plain), (same, bytes_again) = run(plain), run(again)
    assert features.equal(same)
    for (key, a), (_, b) in zip(plain.state_dict().items(), again.state_dict().items()):
        assert a.equal(b), key  # running statistics and counts of batches too
    for (key, a), (_, b) in zip(plain.named_parameters(), again.named_parameters()):
        assert (a.grad is None) == (b.grad is None)
        assert a.grad is None or torch.allclose(a.grad, b.grad, rtol=1e-5, atol=1e-9), key
    assert bytes_again < 0.75 * bytes_plain


def test_evaluation_is_untouched():
    plain, again = build('mroi_synthetic', False).eval(), build('mroi_synthetic', True).eval()
    with torch.no_grad():
        crops = torch.randn(1, 5, 3, 64, 48)
        assert plain.encode(crops, {}).equal(again.encode(crops, {}))


def test_backbones_without_blocks_are_refused():
    with pytest.raises(ValueError, match='Sequential has no BasicBlock or Bottleneck'):
        recompute_blocks(nn.Sequential(nn.Linear(2, 2)))
