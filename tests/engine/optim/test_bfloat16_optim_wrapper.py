"""Training in bfloat16: what is narrow, what stays float32, and that it learns as float32 does."""

from __future__ import annotations

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from test_configs import free_model, small_batch
from versions import needs_torch_2

from mroi_plugin.engine.acceleration import use_amp
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import plugin_scope
from mroi_plugin.engine.optim.bfloat16_optim_wrapper import BFloat16OptimWrapper
from mroi_plugin.models.layers.positional_encoding import RoIPositionalEncoding
from mroi_plugin.models.layers.rotation_6d import rotation_6d_to_matrix
from mroi_plugin.utils.config_files import find_config

pytestmark = needs_torch_2


@pytest.mark.parametrize('name', ['mroi_synthetic', 'hmr_adversarial_synthetic'])
def test_it_is_for_every_optimizer(name):
    cfg = load_config(name, 'unused')
    use_amp(cfg)
    several = [cfg.optim_wrapper.get(part) for part in ('generator', 'disc')]
    for wrapper in several if all(several) else [cfg.optim_wrapper]:
        assert wrapper.type == 'BFloat16OptimWrapper'


def steps(narrow, count=3):
    """Losses of some steps on one batch, and the wrapper."""
    cfg = load_config('mroi_synthetic')
    if narrow:
        use_amp(cfg)
    model = free_model(find_config('mroi_synthetic')).train()
    with plugin_scope():
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batch, losses = small_batch(model.head.num_rois), []
    torch.manual_seed(0)
    for _ in range(count):
        with wrapper.optim_context(model):
            parsed, _ = model.parse_losses(model(**batch, mode='loss'))
        wrapper.update_params(parsed)
        losses.append(parsed.item())
    return losses, wrapper


def test_it_learns_as_float32_does_and_scales_no_loss():
    (wide, _), (narrow, wrapper) = steps(False), steps(True)
    assert isinstance(wrapper, BFloat16OptimWrapper) and not hasattr(wrapper, 'loss_scaler')
    assert wide != narrow and narrow == pytest.approx(wide, rel=0.02)
    assert narrow[-1] < narrow[0]


def test_types_at_the_boundaries():
    """Crops become features in bfloat16; places, rotations, body, cameras and losses do not."""
    model = free_model(find_config('mroi_synthetic')).train()
    seen = {}

    def look(module, args, out):
        seen[type(module).__name__] = out.dtype

    convolution = next(m for m in model.backbone.modules() if isinstance(m, torch.nn.Conv2d))
    places = next(m for m in model.modules() if isinstance(m, RoIPositionalEncoding))
    for module in (convolution, places):
        module.register_forward_hook(look)
    batch = small_batch(model.head.num_rois)
    with torch.autocast('cpu', torch.bfloat16):
        out = model(**batch, mode='tensor')
        losses = model(**batch, mode='loss')
        rotation = rotation_6d_to_matrix(torch.randn(2, 6, dtype=torch.bfloat16))
    assert seen == {'Conv2d': torch.bfloat16, 'RoIPositionalEncoding': torch.float32}
    wanted = ('pred_pose', 'pred_betas', 'pred_cam', 'pred_cam_full', 'pred_vertices')
    assert {name: out[name].dtype for name in wanted} == dict.fromkeys(wanted, torch.float32)
    assert {value.dtype for value in losses.values()} == {torch.float32}
    assert rotation.dtype == torch.float32
