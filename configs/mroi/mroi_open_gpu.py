# mroi_open trained end to end, from BlazePose's maps of 32 px on, on crops augmented anew in every
# epoch, for a GPU: goes on from what mroi_open_cached has learned.
_base_ = 'mroi_open.py'

model = dict(
    backbone=dict(trainable='rest', split=32, batch_norm=True),
    head=dict(
        init_cfg=dict(
            type='Pretrained',
            prefix='head.',
            checkpoint='work_dirs/mroi_open_cached/epoch_8.pth',
        ),
    ),
    # With the weights of mroi_open, betas send a third of its gradient to the backbone, and test
    # people tell little of theirs.
    losses=dict(
        landmarks=dict(type='LandmarkLoss', loss_weight=20.0),
        betas=dict(loss_weight=0.05),
    ),
)
train_cfg = dict(max_epochs=30, val_interval=3)
train_dataloader = dict(batch_size=128, num_workers=12)
val_dataloader = dict(num_workers=4)
test_dataloader = val_dataloader
optim_wrapper = dict(
    _delete_=True,
    type='BFloat16OptimWrapper',
    constructor='RelativeRates',
    paramwise_cfg=dict(part='backbone', weight_lr=2e-3, vector_lr=5e-4),
    optimizer=dict(type='AdamW', lr=3e-4, weight_decay=0.01),
    clip_grad=dict(max_norm=100.0),
)
# Trying the algorithms of all convolutions takes a minute, and running means a tenth of a step.
env_cfg = dict(cudnn_benchmark=False)
custom_hooks = [hook for hook in _base_.custom_hooks if hook['type'] != 'EMAHook']
