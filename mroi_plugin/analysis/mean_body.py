"""Errors of the mean body: what a method must be better than to have learned anything."""

from __future__ import annotations

from collections.abc import Sequence

from torch.utils.data import DataLoader

from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.model_builder import plugin_scope
from mroi_plugin.evaluation.evaluators import mesh_metrics_of
from mroi_plugin.evaluation.functional.mean_body import mean_body_prediction
from mroi_plugin.models.body_models.smpl import load_mean_params
from mroi_plugin.registry import DATASETS, METRICS, MODELS
from mroi_plugin.utils.errors import UsageError


def evaluate_mean_body(config: str, options: Sequence[str] = ()) -> dict[str, float]:
    """Errors of the mean body, facing the camera, on the test set of a config.

    Args:
        config: path or name of a config.
        options: ``KEY=VALUE`` overrides.

    Returns:
        What the first `HumanMeshMetric` of the config's ``test_evaluator`` gives; nothing that
        needs a camera.

    Raises:
        MissingFilesError: if there is no body model.
        UsageError: if there is no such metric.
    """
    cfg = load_config(config, options=options)
    chosen = mesh_metrics_of(cfg.test_evaluator)
    if not chosen:
        raise UsageError(f'{config}: test_evaluator has no HumanMeshMetric, which compares meshes.')
    with plugin_scope():
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        metric = METRICS.build(chosen[0])
        body = MODELS.build(cfg.model.body_model)
    found = {key: cfg.model.body_model[key] for key in ('model_path', 'free_body')}
    mean = load_mean_params(**found)
    for batch in DataLoader(dataset, batch_size=64):
        metric.process(batch, mean_body_prediction(body, mean, len(batch['img'])))
    return metric.evaluate(len(dataset))
