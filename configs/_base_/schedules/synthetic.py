# Warm-up, then a cosine to almost nothing, as long as the training.
warmup = dict(iters=50, factor=0.1)
min_lr = 1e-5

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-3, betas=(0.9, 0.999)),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=0.15))),
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=warmup['factor'],
        by_epoch=False,
        begin=0,
        end=warmup['iters'],
    ),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        eta_min=min_lr,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=15, val_interval=15)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
