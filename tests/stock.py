"""mmhuman3d's own sequences, as its tools/train.py and tools/test.py go through them."""

from __future__ import annotations

import time


def load(config, work_dir, **changes):
    """``Config.fromfile`` with what the tools add from the command line."""
    from mmcv import Config

    cfg = Config.fromfile(str(config))
    cfg.merge_from_dict(changes)
    cfg.work_dir, cfg.gpu_ids, cfg.seed, cfg.device = str(work_dir), [0], 0, 'cpu'
    return cfg


def train(cfg):
    """From the config to the end of training; returns the model."""
    from mmhuman3d.apis import set_random_seed, train_model
    from mmhuman3d.data.datasets import build_dataset
    from mmhuman3d.models.architectures.builder import build_architecture

    set_random_seed(cfg.seed)
    model = build_architecture(cfg.model)
    model.init_weights()
    datasets = [build_dataset(cfg.data.train)]
    train_model(
        model,
        datasets,
        cfg,
        distributed=False,
        validate=True,
        timestamp=time.strftime('%Y%m%d_%H%M%S'),
        device='cpu',
        meta={},
    )
    return model


def test(cfg, checkpoint):
    """From the config and a checkpoint to the errors."""
    from mmcv.runner import load_checkpoint
    from mmhuman3d.apis import single_gpu_test
    from mmhuman3d.data.datasets import build_dataloader, build_dataset
    from mmhuman3d.models.architectures.builder import build_architecture

    dataset = build_dataset(cfg.data.test)
    loader = build_dataloader(
        dataset,
        samples_per_gpu=cfg.data.samples_per_gpu,
        workers_per_gpu=cfg.data.workers_per_gpu,
        dist=False,
        shuffle=False,
        round_up=False,
    )
    model = build_architecture(cfg.model)
    load_checkpoint(model, str(checkpoint), map_location='cpu')
    outputs = single_gpu_test(model.cpu(), loader)
    return dataset.evaluate(outputs, cfg.work_dir, **cfg.evaluation)
