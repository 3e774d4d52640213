# mroi_open with BlazePose from its maps of 16 px on and the head trained together, end to end: from
# what mroi_open_landmarks and mroi_open_cached have learned.
_base_ = 'mroi_open_cached.py'

model = dict(
    backbone=dict(trainable='rest', batch_norm=True),
    head=dict(
        init_cfg=dict(
            type='Pretrained',
            prefix='head.',
            checkpoint='work_dirs/mroi_open_cached/epoch_8.pth',
        ),
    ),
)
train_cfg = dict(max_epochs=2)
maps = dict(dataset=dict(cached=dict(features=False)))
train_dataloader = maps
val_dataloader = maps
test_dataloader = maps
optim_wrapper = dict(
    _delete_=True,
    type='BFloat16OptimWrapper',
    constructor='RelativeRates',
    paramwise_cfg=dict(part='backbone', weight_lr=5e-4, vector_lr=2e-4),
    optimizer=dict(type='AdamW', lr=3e-4, weight_decay=0.01),
    clip_grad=dict(max_norm=100.0),
)
