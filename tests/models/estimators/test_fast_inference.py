"""Faster inference is a switch of the config, and says the same."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from locations import ROOT
from mmengine.config import Config
from torch.utils.data import default_collate
from versions import needs_torch_2

from mroi_plugin.engine.acceleration import compile_network
from mroi_plugin.models.estimators.fast_inference import FastInference
from mroi_plugin.registry import DATASETS, MODELS
from mroi_plugin.utils.errors import UsageError

WAYS = {
    'bfloat16': ({'dtype': 'bfloat16'}, 5.0),
    'compile': ({'compile': {'backend': 'aot_eager'}}, 0.01),
    'both': ({'dtype': 'bfloat16', 'compile': {'backend': 'aot_eager'}}, 5.0),
    'graphs': ({'compile': {'backend': 'cudagraphs'}}, 0.01),
}
"""Options, and by how much a vertex may differ in mm; ``benchmarks/bench_model.py --compile`` runs
inductor, whose code takes minutes to build."""


def build(**options):
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py').model
    cfg.update(options)
    torch.manual_seed(0)
    return MODELS.build(cfg).eval()


def make_batch(persons, seed=0):
    torch.manual_seed(seed)
    return {
        'img': torch.randn(persons, 5, 3, 64, 48),
        'rois': torch.rand(persons, 5, 3) * 100 + 80,
        'focal_length': torch.full((persons,), 800.0),
    }


def vertices(people):
    return torch.stack([person['pred_vertices'] for person in people])


@needs_torch_2
@pytest.mark.parametrize('way', WAYS)
def test_vertices_are_those_of_eager_float32(way):
    options, tolerance = WAYS[way]
    eager, fast = build(), build(inference=options)
    assert fast.state_dict().keys() == eager.state_dict().keys()
    for persons in (2, 3):
        batch = make_batch(persons)
        found = fast(**batch, mode='predict')
        apart = (vertices(found) - vertices(eager(**batch, mode='predict'))).abs().max()
        assert 1e3 * apart < tolerance
        assert found[0]['pred_vertices'].dtype == torch.float32
    first = vertices(found).clone()
    fast(**make_batch(3, seed=1), mode='predict')
    assert vertices(found).equal(first), 'a later call leaves earlier results alone'


@needs_torch_2
def test_fewer_persons_are_compiled_no_more():
    compiled = []

    def backend(graph, inputs):
        compiled.append(graph)
        return graph.forward

    eager, fast = build(), build(inference={'compile': {'backend': backend, 'dynamic': False}})
    for persons in (6, 3, 1, 2, 5):
        batch = make_batch(persons, seed=persons)
        found = fast(**batch, mode='predict')
        assert len(found) == persons
        expected = vertices(eager(**batch, mode='predict'))
        torch.testing.assert_close(vertices(found), expected, rtol=0, atol=1e-5)
    assert len(compiled) == 1
    fast(**make_batch(7), mode='predict')
    assert len(compiled) == 2


def test_narrow_numbers_are_used():
    seen = []
    model = build(inference={'dtype': 'bfloat16'})
    convolution = next(m for m in model.modules() if isinstance(m, torch.nn.Conv2d))
    convolution.register_forward_hook(lambda module, args, out: seen.append(out.dtype))
    model(**make_batch(1), mode='predict')
    model(**make_batch(1), mode='tensor')
    assert seen == [torch.bfloat16, torch.float32]


@needs_torch_2
def test_copies_compile_for_themselves():
    model = build(inference={'compile': {'backend': 'eager'}})
    batch = make_batch(1)
    before = vertices(model(**batch, mode='predict'))
    other = copy.deepcopy(model)
    other.head.requires_grad_(False)
    next(other.backbone.parameters()).data.zero_()
    assert not vertices(other(**batch, mode='predict')).equal(before)
    assert vertices(model(**batch, mode='predict')).equal(before)
    assert pickle.loads(pickle.dumps(FastInference('bfloat16', True))).dtype == 'bfloat16'


@needs_torch_2
def test_a_compiled_network_learns_what_it_would(in_workspace):
    cfg = Config.fromfile(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py')
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    batch = default_collate([dataset[i] for i in range(3)])
    told = []
    for compiled in (False, True):
        model = build().train()
        if compiled:
            model.compile_network(backend='aot_eager')
        losses = model(**model.data_preprocessor(batch), mode='loss')
        sum(losses.values()).backward()
        told.append((losses, {n: p.grad for n, p in model.named_parameters()}))
    (losses, gradients), (found, found_gradients) = told
    assert all(found[name].item() == pytest.approx(losses[name].item()) for name in losses)
    whole = torch.cat([g.flatten() for g in gradients.values() if g is not None]).norm()
    for name, gradient in gradients.items():
        assert gradient is None or (found_gradients[name] - gradient).norm() < 1e-4 * whole, name


def test_bad_options(monkeypatch):
    with pytest.raises(ValueError, match="dtype='half': expected bfloat16, float16 or None"):
        build(inference={'dtype': 'half'})
    with pytest.raises(UsageError, match='is for MultiRoIEstimator .* this is Linear'):
        compile_network(torch.nn.Linear(1, 1))
    monkeypatch.delattr(torch, 'compile', raising=False)
    with pytest.raises(ImportError, match='needs torch >= 2'):
        build(inference={'compile': True})
