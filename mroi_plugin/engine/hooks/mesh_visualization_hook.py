"""Pictures of what a model predicts, while it is trained."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from mroi_plugin.engine.checkpoints import bare_model
from mroi_plugin.registry import HOOKS, register


@register(HOOKS)
class MeshVisualizationHook(Hook):
    """Show the same few validation persons after every validation, wherever mmengine's visualizer
    writes: local files, TensorBoard, Weights & Biases.

    One line of a config switches it on::

        custom_hooks = [dict(type='EpochSeedHook'), dict(type='MeshVisualizationHook')]

    Where pictures go is ``visualizer=dict(type='Visualizer', vis_backends=[...])``; by default
    ``vis_data/vis_image`` in the work dir.

    Args:
        count: persons, spread evenly over the validation set.
        interval: validations from one showing to the next.
        height: of the pictures, px.
    """

    priority = 'ABOVE_NORMAL'  # before EMAHook takes back the weights that were validated

    def __init__(self, count: int = 4, interval: int = 1, height: int = 256) -> None:
        if count < 1 or interval < 1:
            raise ValueError(f'count={count}, interval={interval}: expected at least 1.')
        self.count, self.interval, self.height = count, interval, height
        self._validations = 0

    def before_train(self, runner: Any) -> None:
        """Refuse a model without a body."""
        from mroi_plugin.visualization.predictions import check_drawable

        check_drawable(bare_model(runner.model))

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Draw and hand over, on the first rank."""
        from mroi_plugin.evaluation.files import true_bodies
        from mroi_plugin.visualization.contact_sheet import instance_row
        from mroi_plugin.visualization.predictions import predict_panels, spread_indices

        self._validations += 1
        if self._validations % self.interval or runner.rank != 0:
            return
        model = bare_model(runner.model)
        dataset = runner.val_dataloader.dataset
        training = model.training
        shown = spread_indices(len(dataset), self.count)
        bodies = true_bodies(runner.val_evaluator.metrics)
        for panel in predict_panels(model, dataset, shown, bodies):
            name = panel.title.replace(' ', '_')
            picture = instance_row(panel, self.height)
            runner.visualizer.add_image(f'prediction_{name}', picture, step=runner.epoch)
        model.train(training)
