"""Testing of checkpoints with the mmengine Runner."""

from __future__ import annotations

import os.path as osp
from collections.abc import Sequence

from mmengine.config import Config
from mmengine.runner import Runner

from mroi_plugin.engine.cached_backbone import check_cached_backbone
from mroi_plugin.engine.checkpoints import bare_model, load_weights
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.config_checks import name_config_errors
from mroi_plugin.engine.failures import name_failures, release_workers
from mroi_plugin.engine.launch import launched
from mroi_plugin.engine.loader_limits import prepare_loaders
from mroi_plugin.engine.preflight import check_config
from mroi_plugin.engine.terminal import BriefRunner, progress_shown
from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely


def test(
    config: str,
    checkpoint: str,
    out: str | None = None,
    work_dir: str | None = None,
    launcher: str = 'none',
    options: Sequence[str] = (),
    num_show: int = 0,
    protocol: str | None = None,
    worst: int = 0,
    show_dir: str | None = None,
) -> dict[str, float]:
    """Test a checkpoint and write ``metrics.json`` and, beside it, ``per_sample.csv``.

    Args:
        config: path of a config file, or the name of a shipped one.
        checkpoint: checkpoint of that config.
        out: JSON file for the metrics; ``metrics.json`` of the work dir by default.
        work_dir: folder for logs.
        launcher: ``none``, ``pytorch`` or ``slurm``.
        options: ``KEY=VALUE`` overrides.
        num_show: number of test images to draw the prediction and the truth of.
        protocol: see `load_config`.
        worst: number of people with the largest MPJPE to draw, to ``worst/`` of ``show_dir``.
        show_dir: folder for what is drawn; ``pictures`` in the work dir by default.

    Returns:
        Metrics by name, in mm and px.

    Raises:
        MissingFilesError: naming all missing files at once.
        CheckpointMismatchError: if the checkpoint is of another network.
        ValueError: if there is to be drawn what a model without a body predicts.
    """
    from mroi_plugin.evaluation import files

    cfg = load_config(config, work_dir, launcher, options, protocol=protocol)
    cfg.load_from, cfg.resume = None, False
    cfg.runner_type, cfg.strategy = 'Runner', None  # checkpoints are of undivided weights
    check_config({**cfg.to_dict(), 'load_from': checkpoint})
    prepare_loaders(cfg)
    files.keep_rows(cfg.test_evaluator)
    with launched(cfg):
        runner = _runner(cfg, config, checkpoint, drawn=bool(num_show or worst))
        with name_failures(runner), progress_shown(runner):
            found = runner.test()
        metrics = {name: float(value) for name, value in found.items()}
        table = files.kept_rows(runner.test_evaluator.metrics)
        release_workers(runner)
        if runner.rank == 0:
            facts = {'config': config, 'checkpoint': checkpoint, 'protocol': protocol, **metrics}
            out = out or osp.join(cfg.work_dir, 'metrics.json')
            for path in files.write_errors(facts, table, out):
                print(f'wrote {path}')
            folder, dataset = osp.join(cfg.work_dir, 'pictures'), runner.test_dataloader.dataset
            files.remove_old(folder)  # they would pass for those of this test
            bodies = files.true_bodies(runner.test_evaluator.metrics)
            model = bare_model(runner.model)
            files.draw(model, dataset, table, bodies, show_dir or folder, num_show, worst)
    return metrics


def _runner(cfg: Config, config: str, checkpoint: str, drawn: bool) -> Runner:
    """A runner whose model has the weights of a checkpoint, and a body if it is to be drawn."""
    from mroi_plugin.visualization.predictions import check_drawable

    with checkpoints_read_safely(), name_config_errors(config, cfg):
        runner = BriefRunner.from_cfg(cfg)
    model = bare_model(runner.model)
    if drawn:
        check_drawable(model)
    load_weights(model, checkpoint)
    check_cached_backbone(cfg, model.state_dict(), checkpoint)
    return runner
