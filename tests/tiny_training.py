"""The smallest training there is: the embedded images, a thin network, no validation."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from locations import ROOT

CONFIG = f"""
_base_ = [{str(ROOT / 'configs' / 'mroi' / 'mroi_synthetic.py')!r}]

model = dict(
    backbone=dict(base_channels=8, stem_channels=8),
    head=dict(decoder=dict(hidden_channels=(32, 32), dropout=0.5)),
)
train_dataloader = dict(batch_size=8, persistent_workers=False)
val_dataloader = val_cfg = val_evaluator = None
train_cfg = dict(max_epochs=1)
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(save_best=None))
log_processor = dict(window_size=1)
"""

MIXED = (
    CONFIG
    + """
train_dataloader = dict(
    batch_size=4,
    persistent_workers=True,
    sampler=dict(
        _delete_=True, type='MultiDatasetSampler', probabilities=dict(a=7, b=3), epoch_length=40
    ),
    dataset=dict(
        _delete_=True,
        type='ConcatHumanDataset',
        datasets=dict(
            a=dict(ann_file='data/synthetic/preprocessed_datasets/synthetic_train.npz'),
            b=dict(ann_file='data/synthetic/preprocessed_datasets/synthetic_test.npz'),
        ),
        image_dir='data/synthetic/datasets/synthetic',
        body_model={{_base_.train_dataloader.dataset.body_model}},
        pipeline={{_base_.train_dataloader.dataset.pipeline}},
    ),
)
train_cfg = dict(type='ResumableEpochLoop', max_epochs=4)
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(by_epoch=False, interval=2, save_best=None),
)
"""
)
"""Ten steps an epoch, four epochs, a checkpoint every other step."""


_numbers = count()


def write_config(folder: Path, text: str = CONFIG) -> str:
    """Write a config into a folder; returns its path.

    Every run gets another name: mmengine's loggers are shared by runs of one name and second.
    """
    path = folder / f'tiny{next(_numbers)}.py'
    path.write_text(text)
    return str(path)
