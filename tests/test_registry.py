"""One decorator, both worlds: every component of ours by its plain and its scoped name."""

from __future__ import annotations

import sys

import mmengine.registry as engine
import pytest
from mmengine.registry import Registry

from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d
from mroi_plugin.registry import (
    DATA_SAMPLERS,
    DATASETS,
    DETECTORS,
    HOOKS,
    LOOPS,
    METRICS,
    MMHUMAN3D_REGISTRIES,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    SCOPE,
    STRATEGIES,
    TRANSFORMS,
    register,
)

OURS = {
    'HEADS': (
        *('RoIAwareFusion', 'RoIAwareFusionHead', 'FullCameraProjector', 'ContrastiveEmbedding'),
    ),
    'LOSSES': (
        *('CameraConsistencyLoss', 'MultiRoIContrastiveLoss', 'ReprojectionLoss'),
        *('Keypoints3DLoss', 'SMPLPoseLoss', 'SMPLBetasLoss', 'VertexLoss'),
    ),
    'BODY_MODELS': ('SMPLBody', 'HybrIKBody'),
    'BACKBONES': ('BlazePose', 'ClassificationHRNet', 'TimmBackbone', 'TransformersBackbone'),
    'PIPELINES': (
        'LoadImage',
        'RandomFlipRotateScale',
        'RandomTruncation',
        'MultiRoICrop',
        'PackMultiRoIInputs',
    ),
}
WITHOUT_HOST = [
    *(
        (METRICS, 'HumanMeshMetric'),
        (METRICS, 'LandmarkMetric'),
        (HOOKS, 'EpochSeedHook'),
        (MODELS, 'MultiRoIPreprocessor'),
    ),
    *((MODELS, 'MMHuman3DEstimator'), (DATASETS, 'AdversarialHumanDataset')),
    *(
        (MODELS, name)
        for name in ('HMRRegressor', 'MLPRegressor', 'LandmarkEstimator', 'LandmarkLoss')
    ),
    *((MODELS, name) for name in ('CropEncoder', 'SharedMapEncoder', 'SizedCropEncoder')),
    (DATASETS, 'CachedMapsDataset'),
    *((OPTIM_WRAPPER_CONSTRUCTORS, name) for name in ('AdversarialOptimWrapper', 'RelativeRates')),
    (OPTIM_WRAPPERS, 'BFloat16OptimWrapper'),
    (DATA_SAMPLERS, 'MultiDatasetSampler'),
    (TRANSFORMS, 'RandomChannelNoise'),
    (LOOPS, 'ResumableEpochLoop'),
    *(
        (HOOKS, 'AtomicCheckpointHook'),
        (HOOKS, 'CheckInvalidLossHook'),
        (HOOKS, 'SkippedSamplesHook'),
    ),
    *((HOOKS, 'MissedValidationHook'), (HOOKS, 'MeshVisualizationHook')),
    (HOOKS, 'ResumedScheduleHook'),
    (HOOKS, 'GradientReportHook'),
    *((HOOKS, 'MeanStatisticsHook'), (STRATEGIES, 'FullyShardedStrategy')),
    *((DETECTORS, name) for name in ('GivenBoxes', 'HuggingFaceDetector', 'NanoDetDetector')),
]
EVERY = (
    *(DATASETS, DATA_SAMPLERS, DETECTORS, HOOKS, LOOPS, METRICS, MODELS),
    *(OPTIM_WRAPPERS, OPTIM_WRAPPER_CONSTRUCTORS, STRATEGIES, TRANSFORMS),
)
DERIVED = [
    ('ARCHITECTURES', MODELS, 'MultiRoIEstimator'),
    ('DATASETS', DATASETS, 'MultiRoIHumanDataset'),
    ('DATASETS', DATASETS, 'ConcatHumanDataset'),
]


@pytest.mark.parametrize(('kind', 'name'), [(k, n) for k, names in OURS.items() for n in names])
def test_ours_are_in_both_registries_of_their_kind(kind, name):
    load_mmhuman3d()
    component = getattr(sys.modules[MMHUMAN3D_REGISTRIES[kind]], kind).get(name)
    assert component.__module__.startswith('mroi_plugin')
    registry = TRANSFORMS if kind == 'PIPELINES' else MODELS
    for found in (
        registry.get(name),
        registry.get(f'mroi_plugin.{name}'),
        registry.root.get(f'mroi_plugin.{name}'),
    ):
        assert found is component


@pytest.mark.parametrize(('kind', 'registry', 'name'), DERIVED)
def test_what_the_hosts_runner_calls_is_derived_from_ours_under_the_same_name(kind, registry, name):
    load_mmhuman3d()
    theirs = getattr(sys.modules[MMHUMAN3D_REGISTRIES[kind]], kind).get(name)
    assert issubclass(theirs, registry.get(name)) and theirs is not registry.get(name)


def test_every_component_of_ours_is_listed_here():
    load_mmhuman3d()
    for registry in EVERY:
        registry.import_from_location()
    listed = {name for names in OURS.values() for name in names}
    listed |= {name for _, name in WITHOUT_HOST} | {name for *_, name in DERIVED}
    found = {
        name
        for registry in EVERY
        for name, component in registry.module_dict.items()
        if component.__module__.startswith('mroi_plugin')
    }
    assert found == listed


@pytest.mark.parametrize(('registry', 'name'), WITHOUT_HOST)
def test_ours_without_a_place_in_the_host(registry, name):
    assert registry.get(name).__module__.startswith('mroi_plugin')
    assert registry.root.get(f'mroi_plugin.{name}') is registry.get(name)


def test_names_of_mmengine_resolve_through_ours():
    assert HOOKS.get('CheckpointHook') is engine.HOOKS.get('CheckpointHook') is not None


def test_every_kind_of_mmengine_knows_the_scope():
    roots = [value for value in vars(engine).values() if isinstance(value, Registry)]
    assert len(roots) > 15 and all(SCOPE in root.children for root in roots)


def test_a_name_of_ours_cannot_be_taken_twice():
    MODELS.get('RoIAwareFusion')
    with pytest.raises(KeyError, match='RoIAwareFusion is already registered'):
        register(MODELS)(type('RoIAwareFusion', (), {}))


def test_the_decorator_returns_what_it_decorates():
    class Kept:
        pass

    assert register(MODELS)(Kept) is Kept is MODELS.get('mroi_plugin.Kept')
