"""Training of config files with the mmengine Runner."""

from __future__ import annotations

import os.path as osp
import warnings
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mroi_plugin.engine.acceleration import compile_network, fuse_optimizers, use_amp
from mroi_plugin.engine.cached_backbone import check_cached_backbone
from mroi_plugin.engine.checkpoints import (
    bare_model,
    check_checkpoint,
    check_initial_weights,
)
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.config_checks import check_custom_keys, check_losses, name_config_errors
from mroi_plugin.engine.disk_space import check_writable
from mroi_plugin.engine.failures import name_failures, release_workers
from mroi_plugin.engine.launch import launched
from mroi_plugin.engine.loader_limits import prepare_loaders
from mroi_plugin.engine.preflight import check_config
from mroi_plugin.engine.resume import check_resumable, last_checkpoint, latest_checkpoint
from mroi_plugin.engine.terminal import BriefRunner, progress_shown
from mroi_plugin.mmhuman3d_compat.safe_loading import checkpoints_read_safely
from mroi_plugin.utils.atomic_files import write_json
from mroi_plugin.utils.errors import UsageError
from mroi_plugin.utils.kept_settings import as_json, check_kept

SETTINGS = 'settings.json'
"""In a work dir of `train_once`: the config that is trained there."""


def train(
    config: str,
    work_dir: str | None = None,
    resume: str | None = None,
    amp: bool = False,
    compile_model: bool = False,
    launcher: str = 'none',
    options: Sequence[str] = (),
    epochs: int | None = None,
    report_gradients: int = 0,
) -> Runner:
    """Train a config; all files it needs are checked first.

    Args:
        config: path of a config file, or the name of a shipped one.
        work_dir: folder for logs and checkpoints.
        resume: checkpoint to resume from; ``auto`` takes the last complete one of ``work_dir``, and
            starts anew where there is none.
        amp: mixed precision.
        compile_model: ``torch.compile`` the network of a `MultiRoIEstimator`.
        launcher: ``none``, ``pytorch`` or ``slurm``.
        options: ``KEY=VALUE`` overrides.
        epochs: length of the training in place of the config's.
        report_gradients: number of first iterations for `GradientReportHook`.

    Returns:
        The runner, after training.

    Raises:
        MissingFilesError: naming all missing files at once.
        OSError: if nothing can be written to the work dir, or it has too little disk space.
        UsageError: if another process trains in the work dir.
        ValueError: if ``resume`` cannot be resumed from.
    """
    cfg = load_config(config, work_dir, launcher, options, epochs)
    check_config(cfg.to_dict())
    check_losses(cfg.to_dict())
    check_writable(cfg.work_dir)
    prepare_loaders(cfg)
    fuse_optimizers(cfg)
    if amp:
        use_amp(cfg)
    if compile_model and cfg.get('strategy'):
        raise UsageError(f'--compile cannot be combined with strategy={cfg.strategy.type}.')
    if report_gradients:
        hook = {'type': 'GradientReportHook', 'iterations': report_gradients}
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]
    with launched(cfg, own=True):
        _resume(cfg, resume)
        return _run(cfg, config, compile_model)


def _run(cfg: Config, config: str, compile_model: bool) -> Runner:
    """Build the runner of a checked config and train."""
    with checkpoints_read_safely(), name_config_errors(config, cfg):
        kind = cfg.get('runner_type', 'Runner')
        runner = (BriefRunner if kind == 'Runner' else RUNNERS.get(kind)).from_cfg(cfg)
        if not cfg.get('strategy'):  # which builds the model, and checks when it loads
            model = bare_model(runner.model)
            check_custom_keys(cfg.to_dict(), model)
            if cfg.load_from:
                state = check_checkpoint(model, cfg.load_from)
                check_cached_backbone(cfg, state, cfg.load_from)
            else:
                check_initial_weights(model)
        if compile_model:
            compile_network(bare_model(runner.model))
        with name_failures(runner), progress_shown(runner):
            runner.train()
    release_workers(runner)
    return runner


def _resume(cfg: Config, resume: str | None) -> None:
    """Point a config at the checkpoint to resume from; it may ask for that itself."""
    if resume is None and cfg.get('resume'):
        resume = cfg.get('load_from') or 'auto'
    if resume == 'auto':
        resume = latest_checkpoint(cfg.work_dir)
    elif resume is not None:
        check_resumable(resume)
    cfg.resume = resume is not None
    if resume is not None:
        cfg.load_from = resume
    elif is_main_process() and last_checkpoint(cfg.work_dir) is not None:
        warnings.warn(
            f'{cfg.work_dir} has checkpoints of an earlier training, which this one writes over: '
            '--resume goes on from the last, --work-dir takes another folder.',
            stacklevel=2,
        )


def train_once(
    config: str, work_dir: str, options: Sequence[str] = (), epochs: int | None = None
) -> str:
    """Train a config, or resume where a run in ``work_dir`` stopped; returns the last checkpoint.

    What is finished is not done again. Arguments are those of `train`.

    Raises:
        UsageError: if what is there was trained with other settings: of the config, whose files may
            have changed, or of the command line.
    """
    cfg = load_config(config, work_dir, options=options, epochs=epochs)
    kept, settings = Path(work_dir) / SETTINGS, as_json(cfg.to_dict())
    del settings['work_dir']
    if not check_kept(kept, settings):
        write_json(kept, settings)
    last = osp.join(work_dir, f'epoch_{cfg.train_cfg.max_epochs}.pth')
    if not osp.isfile(last):
        train(config, work_dir, resume='auto', options=options, epochs=epochs)
    return last
