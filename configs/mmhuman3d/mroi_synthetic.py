# configs/mroi_synthetic.py for mmhuman3d's own tools/train.py and tools/test.py.
_base_ = ['../mroi_synthetic.py', '../_base_/mmhuman3d/runtime.py']

custom_hooks = []  # mmengine's
data = dict(
    samples_per_gpu=32,
    workers_per_gpu=1,
    train={{_base_.train_dataloader.dataset}},
    val={{_base_.val_dataloader.dataset}},
    test={{_base_.test_dataloader.dataset}},
)
evaluation = dict(
    interval=1, metric=['mpjpe', 'pa-mpjpe', 'pve'], protocol={{_base_.val_evaluator}}
)
optimizer = dict(
    type='Adam',
    lr=2e-3,
    betas=(0.9, 0.999),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=0.15))),
)
lr_config = dict(
    policy='CosineAnnealing',
    by_epoch=False,
    min_lr=1e-5,
    warmup='linear',
    warmup_iters=50,
    warmup_ratio=0.1,
)
runner = dict(type='EpochBasedRunner', max_epochs=15)
