"""The host's components as mmengine scope `mmhuman3d`."""

from __future__ import annotations

import sys

import mmengine.registry as engine
import pytest
import torch
from fresh import run_code

from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.mmhuman3d_compat.mirrored_registries import (
    MMHUMAN3D_DATASETS,
    MMHUMAN3D_MODELS,
    MMHUMAN3D_TRANSFORMS,
)
from mroi_plugin.registry import MMHUMAN3D_REGISTRIES, MODELS, TRANSFORMS

MIRRORS = {
    **{kind: MMHUMAN3D_MODELS for kind in MMHUMAN3D_MODELS.kinds},
    'DATASETS': MMHUMAN3D_DATASETS,
    'PIPELINES': MMHUMAN3D_TRANSFORMS,
}


def host_registry(kind):
    load_mmhuman3d()
    return getattr(sys.modules[MMHUMAN3D_REGISTRIES[kind]], kind)


def test_every_kind_of_the_host_has_one_place():
    assert MIRRORS.keys() == MMHUMAN3D_REGISTRIES.keys()


@pytest.mark.parametrize('kind', MMHUMAN3D_REGISTRIES)
def test_every_host_component_resolves_in_mmengine(kind):
    components = host_registry(kind).module_dict
    assert components
    for name, component in components.items():
        assert MIRRORS[kind].root.get(f'mmhuman3d.{name}') is component, name
        assert MIRRORS[kind].get(name) is component, name


def test_no_name_is_shared_by_kinds_of_models():
    names = [name for kind in MMHUMAN3D_MODELS.kinds for name in host_registry(kind).module_dict]
    assert len(names) == len(set(names))


def test_full_paths_resolve_too():
    from mmhuman3d.models.heads.hmr_head import HMRHead

    assert engine.MODELS.get('mmhuman3d.models.heads.hmr_head.HMRHead') is HMRHead


def test_components_of_the_hosts_users_appear_when_they_register_them():
    class HeadOfAUser(torch.nn.Module):
        pass

    assert engine.MODELS.get('mmhuman3d.HMRHead')
    host_registry('HEADS').register_module(module=HeadOfAUser)
    assert isinstance(MODELS.build(dict(type='mmhuman3d.HeadOfAUser')), HeadOfAUser)


def test_built_components_work():
    loss = MODELS.build(dict(type='mmhuman3d.L1Loss', loss_weight=2.0))
    assert loss(torch.zeros(3), torch.ones(3)).item() == 2
    step = TRANSFORMS.build(dict(type='mmhuman3d.ToTensor', keys=['a']))
    assert torch.is_tensor(step({'a': [1, 2]})['a'])


@pytest.mark.parametrize('name', ['mmhuman3d.Nothing', 'mroi_plugin.Nothing', 'Nothing'])
def test_unknown_names_are_unknown(name):
    with pytest.raises(KeyError, match=name):
        engine.MODELS.build(dict(type=name))


def test_all_names_resolve_in_a_fresh_interpreter_without_a_warning():
    output = run_code(
        'import mmengine.registry as engine, mroi_plugin\n'
        'import sys\n'
        'from mmengine.registry import MODELS, TRANSFORMS, DATASETS, HOOKS\n'
        'assert MODELS.build(dict(type="mmhuman3d.ResNet", depth=18)).depth == 18\n'
        'assert DATASETS.get("mmhuman3d.HumanImageDataset").__name__ == "HumanImageDataset"\n'
        'head = MODELS.get("mroi_plugin.RoIAwareFusionHead")\n'
        'engine.init_default_scope("mroi_plugin")\n'
        'for name in ("CameraConsistencyLoss", "mroi_plugin.CameraConsistencyLoss"):\n'
        '    assert MODELS.build(dict(type=name)).__module__.startswith("mroi_plugin")\n'
        'assert sys.modules["mroi_plugin.registry"].MODELS.get("RoIAwareFusionHead") is head\n'
        'assert MODELS.build(dict(type="mmhuman3d.ResNet", depth=18)).depth == 18\n'
        'assert HOOKS.build(dict(type="IterTimerHook"))\n'
        'assert TRANSFORMS.build(dict(type="mmhuman3d.LoadImageFromFile"))'
    )
    assert 'WARNING' not in output, output
