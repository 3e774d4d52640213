"""One decorator, both worlds; the host's components as mmengine scope `mmhuman3d`."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import mmengine.registry as engine
import pytest

import mroi_plugin.datasets as datasets
import mroi_plugin.models as models
from mroi_plugin.host import load_host
from mroi_plugin.host.pending import HOST_REGISTRIES
from mroi_plugin.host.registries import HOST_DATASETS, HOST_MODELS, HOST_TRANSFORMS
from mroi_plugin.registry import DATASETS, HOOKS, METRICS, MODELS, TRANSFORMS, register

OURS = {
    'HEADS': (
        'RoIAwareFusion',
        'RoIAwareFusionHead',
        'FullCameraProjector',
        'ContrastiveEmbedding',
    ),
    'LOSSES': (
        *('CameraConsistencyLoss', 'MultiRoIContrastiveLoss', 'ReprojectionLoss'),
        *('Keypoints3DLoss', 'SMPLPoseLoss', 'SMPLBetasLoss', 'VertexLoss'),
    ),
    'ARCHITECTURES': ('MultiRoIEstimator',),
    'BODY_MODELS': ('SMPLBody',),
    'PIPELINES': ('LoadPhoto', 'AugmentPerson', 'MultiRoICrop', 'ChannelNoise', 'PackMultiRoI'),
}


def host_registry(kind):
    load_host()
    return getattr(import_module(HOST_REGISTRIES[kind]), kind)


@pytest.mark.parametrize(('kind', 'name'), [(k, n) for k, names in OURS.items() for n in names])
def test_ours_are_in_the_hosts_registry_of_their_kind(kind, name):
    component = host_registry(kind).get(name)
    assert component.__module__.startswith('mroi_plugin')
    registry = TRANSFORMS if kind == 'PIPELINES' else MODELS
    assert registry.get(name) is component and registry.get(f'mroi.{name}') is component


def test_ours_without_a_place_in_the_host():
    assert DATASETS.get('MultiRoIHumanData') is datasets.MultiRoIHumanData
    assert METRICS.get('HumanMeshMetric') and HOOKS.get('EpochSeedHook')
    assert engine.MODELS.get('mroi.RoIAwareFusion') is models.RoIAwareFusion


@pytest.mark.parametrize('kind', HOST_REGISTRIES)
def test_every_host_component_resolves_in_mmengine(kind):
    names = [
        name
        for name, component in host_registry(kind).module_dict.items()
        if not component.__module__.startswith('mroi_plugin')
    ]
    assert names
    root = {'DATASETS': HOST_DATASETS, 'PIPELINES': HOST_TRANSFORMS}.get(kind, HOST_MODELS).root
    for name in names:
        assert root.get(f'mmhuman3d.{name}') is not None, name


def test_names_of_the_host_cannot_be_taken():
    load_host()

    class HMRHead:
        pass

    with pytest.raises(KeyError, match='HMRHead'):
        register(MODELS, host='HEADS')(HMRHead)
    with pytest.raises(ValueError, match="host='SHOES'"):
        register(MODELS, host='SHOES')(type('Shoe', (), {}))


@pytest.mark.parametrize(
    'code',
    [
        'import mroi_plugin\nfrom mmengine.registry import MODELS\n'
        'assert MODELS.build(dict(type="mmhuman3d.ResNet", depth=18)).depth == 18',
        'import mroi_plugin\nfrom mmengine.registry import MODELS\n'
        'assert MODELS.get("mroi.RoIAwareFusionHead") is not None',
        'import mmhuman3d\nimport mroi_plugin\n'
        'from mmhuman3d.models.architectures.builder import ARCHITECTURES\n'
        'assert "MultiRoIEstimator" in ARCHITECTURES.module_dict',
    ],
    ids=['host name', 'our name', 'host first'],
)
def test_in_a_fresh_interpreter(code):
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
