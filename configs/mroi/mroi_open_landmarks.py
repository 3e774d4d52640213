# BlazePose from its maps of 16 px on learns where the joints of rendered people are, in RoIs of all
# sizes: the first step to BlazePose's variant full_synthetic, the backbone of the open methods.
_base_ = 'mroi_open_cached.py'

model = dict(
    _delete_=True,
    type='LandmarkEstimator',
    data_preprocessor={{_base_.model.data_preprocessor}},
    backbone=dict(type='BlazePose', variant='full', trainable='rest', split=16, batch_norm=True),
)
train_cfg = dict(max_epochs=20, val_interval=2)
train_dataloader = dict(dataset=dict(cached=dict(features=False, num_rois='any')))
maps = dict(dataset=dict(cached=dict(features=False)))
val_dataloader = maps
test_dataloader = maps
val_evaluator = dict(_delete_=True, type='LandmarkMetric')
test_evaluator = val_evaluator
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    constructor='RelativeRates',
    paramwise_cfg=dict(part='backbone', weight_lr=4e-3, vector_lr=1e-3),
    optimizer=dict(type='AdamW', weight_decay=0.0),
    clip_grad=dict(max_norm=1.0),
)
default_hooks = dict(checkpoint=dict(save_best='landmark/error_2d'))
custom_hooks = [hook for hook in _base_.custom_hooks if hook['type'] != 'EMAHook']
