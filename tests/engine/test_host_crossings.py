"""How often training and validation wait for a device, and that nothing is left on the host.

On the device of stand_in_device.py; the logger, which reads the losses every ten iterations, does
not count.
"""

from __future__ import annotations

import re

import pytest
import torch
import torch.cuda.comm
from mmengine.optim import build_optim_wrapper
from stand_in_device import DEVICE, DeviceTensor, put, stand_in_device
from test_configs import CONFIGS, free_model, small_batch
from torch.utils.data import DataLoader

from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.hooks.check_invalid_loss_hook import broken_terms
from mroi_plugin.registry import DATASETS, METRICS, MODELS
from mroi_plugin.utils.config_files import find_config

pytestmark = pytest.mark.skipif(
    not hasattr(torch._C, '_set_only_lift_cpu_tensors'), reason='needs torch 2.2'
)
PER_STEP, PER_VALIDATION = 2, 3
"""Most crossings of a training step, and of a batch of validation."""
OWN = [path for path in CONFIGS if path.parent.name != 'mmhuman3d']
THEIRS = ' at mmhuman3d/| at roma/| at a backward pass'
HOSTS = ('hmr', 'spin', 'host_cliff', 'pare', 'hybrik')


def with_truth(batch):
    """A batch with what the metric reads too."""
    persons = len(batch['img'])
    return {
        **batch,
        'gender': torch.tensor([-1, 0] * (persons // 2)),
        'sample_idx': torch.arange(persons),
        'img_size': torch.full((persons, 2), 640.0),
    }


def on_device(batch):
    """Copies that do not wait, as of pinned memory."""
    return {
        name: DeviceTensor(value) if isinstance(value, torch.Tensor) else value
        for name, value in batch.items()
    }


def train_step(model, batch, optimizer):
    losses = model(**on_device(batch), mode='loss')
    assert not broken_terms(losses)
    optimizer.zero_grad()
    sum(losses.values()).backward()
    optimizer.step()
    return losses


def crossings_of(model, batch, evaluator, data_batch=None):
    """Crossings of a training step and of a batch of validation, each the second of its kind."""
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-4)
    evaluator = {**evaluator, 'per_sample': True}
    metric = METRICS.build(evaluator)
    counts = []
    with stand_in_device() as device:
        for _ in range(2):
            device.crossings.clear()
            train_step(model.train(), batch, optimizer)
        counts.append(dict(device.crossings))
        for _ in range(2):
            device.crossings.clear()
            with torch.no_grad():
                found = model.eval()(**on_device(batch), mode='predict')
                metric.process(data_batch or batch, found)
        counts.append(dict(device.crossings))
    assert metric.evaluate(2 * len(batch['img']))['mesh/mpjpe'] > 0
    return counts


@pytest.mark.parametrize('path', OWN, ids=lambda path: path.stem)
def test_own_methods(path):
    model = put(free_model(path))
    cfg = load_config(str(path))
    cfg.val_evaluator.body_model.free_body = True
    batch = with_truth(small_batch(model.head.num_rois))
    step, validation = crossings_of(model, batch, cfg.val_evaluator)
    assert sum(step.values()) <= PER_STEP, '\n'.join(step)
    assert sum(validation.values()) <= PER_VALIDATION, '\n'.join(validation)


@pytest.mark.parametrize('name', HOSTS)
def test_methods_of_mmhuman3d(name, repo, in_workspace, monkeypatch):
    """What is ours of them: their own losses select by masks, which their gradients do too, and so
    does roma, for HybrIK's targets."""
    moved = lambda x, **_: (x.to(DEVICE, non_blocking=True),)  # noqa: E731
    monkeypatch.setattr(torch.cuda.comm, 'broadcast', moved)  # HybrIK's head calls CUDA itself
    monkeypatch.setattr(torch.cuda, 'FloatTensor', torch.FloatTensor)
    cfg = load_config(str(repo / 'configs' / 'hosts' / f'{name}_synthetic.py'), 'unused')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    batch = next(iter(DataLoader(dataset, batch_size=4)))
    img = model.data_preprocessor(batch)['img']
    model = put(model)
    step, validation = (
        {place: count for place, count in counts.items() if not re.search(THEIRS, place)}
        for counts in crossings_of(model, {**batch, 'img': img}, cfg.val_evaluator, batch)
    )
    assert sum(step.values()) <= PER_STEP, '\n'.join(step)
    assert sum(validation.values()) <= PER_VALIDATION, '\n'.join(validation)


def test_landmarks(in_workspace):
    cfg = load_config('mroi_open_landmarks')
    model = put(MODELS.build(cfg.model))
    batch = small_batch(1, height=256, width=256)
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-4)
    metric = METRICS.build(cfg.val_evaluator)
    with stand_in_device() as device:
        for _ in range(2):
            device.crossings.clear()
            train_step(model.train(), batch, optimizer)
        assert device.total <= PER_STEP, device.crossings
        device.crossings.clear()
        metric.process(batch, model.eval()(**on_device(batch), mode='predict'))
        assert device.total <= PER_VALIDATION, device.crossings


def test_the_numbers_are_those_of_the_host():
    """What the device computes is real."""
    path = find_config('mroi_synthetic')
    losses = []
    for place in (False, True):
        model = free_model(path).train()
        batch = small_batch(model.head.num_rois)
        if place:
            with stand_in_device():
                found = put(model)(**on_device(batch), mode='loss')
            losses.append({name: value.host.item() for name, value in found.items()})
        else:
            found = model(**batch, mode='loss')
            losses.append({name: value.item() for name, value in found.items()})
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_what_waits_is_counted_and_what_is_mixed_refused():
    x = DeviceTensor(torch.tensor([3.0, 4.0]))
    with stand_in_device() as device:
        for waits in (
            lambda: x.sum().item(),
            lambda: x[[1, 0]],
            lambda: x[x > 3],
            lambda: x.cpu(),
            lambda: torch.ones(2).to(DEVICE),
            lambda: bool(x.any()),
            lambda: torch.nonzero(x),
        ):
            before = device.total
            waits()
            assert device.total == before + 1
        before = device.total
        assert (x[0] + 1).host.item() == 4 and torch.ones(2, device='cuda').is_cuda
        torch.ones(2).to(DEVICE, non_blocking=True)
        assert device.total == before
        with pytest.raises(RuntimeError, match='tensors of the device and of the CPU'):
            x + torch.ones(2)
        with pytest.raises(TypeError, match='to numpy'):
            x.numpy()


@pytest.mark.parametrize('clip', [None, dict(max_norm=1.0)])
def test_the_optimizer_of_the_recipe_does_not_wait(clip):
    """mmengine's wrapper with clipped gradients, without its log of their norm."""
    cfg = load_config('mroi_synthetic')
    model = put(free_model(find_config('mroi_synthetic')).train())
    wrapper = build_optim_wrapper(model, {**cfg.optim_wrapper, 'clip_grad': clip})
    batch = small_batch(model.head.num_rois)
    with stand_in_device() as device:
        for _ in range(2):
            device.crossings.clear()
            parsed, _ = model.parse_losses(model(**on_device(batch), mode='loss'))
            wrapper.update_params(parsed)
    assert device.total <= PER_STEP, device.crossings
