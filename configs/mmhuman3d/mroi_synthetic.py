# configs/mroi/mroi_synthetic.py for mmhuman3d's own tools/train.py and tools/test.py.
_base_ = ['../mroi/mroi_synthetic.py', '../_base_/mmhuman3d/runtime.py']

custom_hooks = []  # mmengine's
model = dict(
    mmengine_config=dict(
        train_dataloader={{_base_.train_dataloader}},
        val_dataloader={{_base_.val_dataloader}},
        test_dataloader={{_base_.test_dataloader}},
        test_evaluator={{_base_.test_evaluator}},
    )
)
data = dict(
    samples_per_gpu={{_base_.train_dataloader.batch_size}},
    workers_per_gpu={{_base_.train_dataloader.num_workers}},
    train={{_base_.train_dataloader.dataset}},
    val={{_base_.val_dataloader.dataset}},
    test={{_base_.test_dataloader.dataset}},
)
evaluation = dict(
    interval=1, metric=['mpjpe', 'pa-mpjpe', 'pve'], protocol={{_base_.val_evaluator}}
)
optimizer = dict(
    type={{_base_.optim_wrapper.optimizer.type}},
    lr={{_base_.optim_wrapper.optimizer.lr}},
    betas={{_base_.optim_wrapper.optimizer.betas}},
    paramwise_cfg={{_base_.optim_wrapper.paramwise_cfg}},
)
lr_config = dict(
    policy='CosineAnnealing',
    by_epoch=False,
    min_lr={{_base_.min_lr}},
    warmup='linear',
    warmup_iters={{_base_.warmup.iters}},
    warmup_ratio={{_base_.warmup.factor}},
)
runner = dict(type='EpochBasedRunner', max_epochs={{_base_.train_cfg.max_epochs}})
